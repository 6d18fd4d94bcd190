/** The sample shop: invented, the same at every installation, so that tests and readers can rely on it. */

const givenNames = ['Ada', 'Bela', 'Chidi', 'Dora', 'Emil', 'Farah', 'Goran', 'Hana', 'Ivo', 'Jun'];
const familyNames = ['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir'];
const cities = ['Zurich', 'Lisbon', 'Tartu', 'Ghent', 'Graz', 'Porto', 'Turku', 'Bern'];
const products: readonly (readonly [sku: string, name: string, cents: number])[] = [
  ['TEA-001', 'Green tea, 100 g', 690],
  ['TEA-002', 'Black tea, 250 g', 1150],
  ['CUP-001', 'Cup, white', 900],
  ['CUP-002', 'Cup, blue', 950],
  ['POT-001', 'Teapot, iron', 5400],
  ['POT-002', 'Teapot, glass', 3200],
  ['TIN-001', 'Tin, small', 450],
  ['TIN-002', 'Tin, large', 800],
  ['SPN-001', 'Measuring spoon', 350],
  ['FLT-001', 'Paper filters, 100', 420],
  ['GFT-001', 'Gift box', 2900],
  ['BKS-001', 'A book of tea', 1800],
];
const states = ['paid', 'shipped', 'delivered', 'delivered', 'returned'];

export const customerCount = 60;
export const orderCount = 140;

/** Tables of the shop; the reader may select from all of them and write nowhere. */
export function shopSchema(database: string, reader: string): string {
  return `
    create table customers (
      id integer primary key, name text not null, email text not null unique, city text not null,
      joined_on date not null
    );
    create table products (
      id integer primary key, sku text not null unique, name text not null,
      price_cents integer not null check (price_cents > 0)
    );
    create table orders (
      id integer primary key, customer_id integer not null references customers, product_id integer not null references products,
      quantity integer not null check (quantity > 0), state text not null, placed_at timestamptz not null
    );
    create index orders_by_customer on orders (customer_id);
    revoke create on schema public from public;
    revoke all on database ${database} from public;
    grant connect on database ${database} to ${reader};
    grant usage on schema public to ${reader};
    grant select on all tables in schema public to ${reader};
  `;
}

/** Insert statements with their values. */
export function* shopRows(
  database: string,
): Generator<{ sql: string; values: readonly (string | number)[] }> {
  const domain = database === 'shop' ? 'example.com' : 'example.org';
  for (let i = 0; i < customerCount; i++) {
    const name = `${givenNames[i % givenNames.length]} ${familyNames[Math.floor(i / givenNames.length)]}`;
    yield {
      sql: 'insert into customers values ($1, $2, $3, $4, date $$2024-01-01$$ + $5::int)',
      values: [
        i + 1,
        name,
        `${name.toLowerCase().replace(' ', '.')}@${domain}`,
        cities[i % cities.length] ?? '',
        i * 9,
      ],
    };
  }
  for (const [i, [sku, name, cents]] of products.entries())
    yield { sql: 'insert into products values ($1, $2, $3, $4)', values: [i + 1, sku, name, cents] };
  for (let i = 0; i < orderCount; i++)
    yield {
      sql: `insert into orders values ($1, $2, $3, $4, $5, timestamptz '2026-01-05 08:00Z' + $6 * interval '7 hours')`,
      values: [
        i + 1,
        ((i * 17) % customerCount) + 1,
        ((i * 5) % products.length) + 1,
        (i % 4) + 1,
        states[i % states.length] ?? '',
        i,
      ],
    };
}
