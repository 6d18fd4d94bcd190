import { createServer, type Server } from 'node:http';

const orders = [
  ['1042', 'Ada Alder', 'Teapot, iron', 'shipped', 'CHF 54.00'],
  ['1041', 'Goran Birch', 'Green tea, 100 g', 'paid', 'CHF 13.80'],
  ['1040', 'Hana Cedar', 'Gift box', 'delivered', 'CHF 29.00'],
  ['1039', 'Emil Elm', 'Cup, blue', 'delivered', 'CHF 38.00'],
  ['1038', 'Jun Fir', 'A book of tea', 'returned', 'CHF 18.00'],
];

const style = `
  :root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #0f766e; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
  header { padding: 1rem 2rem; border-bottom: 1px solid var(--line); display: flex; gap: 1rem; align-items: baseline; }
  h1 { font-size: 1.15rem; margin: 0; }
  header span { color: var(--accent); font-size: .85rem; font-weight: 600; }
  main { padding: 2rem; max-width: 52rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .55rem .75rem; border-bottom: 1px solid var(--line); }
  td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; }
  .state { background: var(--soft); border-radius: 99px; padding: .1rem .6rem; font-size: .85rem; }
  p { color: #888; }`;

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Orders admin — internal</title><style>${style}</style></head>
<body>
<header><h1>Orders admin</h1><span>internal, 10.0.2.60</span></header>
<main>
<h2>Latest orders</h2>
<table>
<thead><tr><th>Order</th><th>Customer</th><th>Article</th><th>State</th><th>Total</th></tr></thead>
<tbody>
${orders.map(([id, who, what, state, total]) => `<tr><td>${id}</td><td>${who}</td><td>${what}</td><td><span class="state">${state}</span></td><td>${total}</td></tr>`).join('\n')}
</tbody>
</table>
<p>You see this page because you are on the private network, or have a way into it.</p>
</main>
</body>
</html>
`;

/** The small internal page behind prod-web. It never listens: connections are handed to it. */
export function ordersPage(): Server {
  return createServer((request, response) => {
    if (request.url !== '/' && request.url !== '/index.html') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n');
      return;
    }
    response
      .writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-length': Buffer.byteLength(page),
        'cache-control': 'no-store',
      })
      .end(request.method === 'HEAD' ? undefined : page);
  });
}
