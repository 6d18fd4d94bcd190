// Generated from apps/api/openapi.json by npm run generate; never edited.
export interface paths {
  '/api/access-requests': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Requests: mine, those I may answer, or all */
    get: operations['listAccessRequests'];
    put?: never;
    /** Ask for one or more resources */
    post: operations['submitAccessRequest'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/access-requests/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One request with its facts */
    get: operations['readAccessRequest'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/access-requests/{id}/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Take back a request that waits */
    post: operations['cancelAccessRequest'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/access-requests/{id}/reviews': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Approve or deny, bound to the facts shown */
    post: operations['recordReview'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/access-tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** My personal access tokens, without their secrets */
    get: operations['listAccessTokens'];
    put?: never;
    /** Make a token; only a browser may */
    post: operations['makeAccessToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/access-tokens/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Revoke a token of mine */
    delete: operations['revokeAccessToken'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/agents': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Companion agents that are enrolled */
    get: operations['listAgents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/agents/{id}/flows': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** An agent tells of conversations that ended (signed) */
    post: operations['reportFlows'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/agents/{id}/revocations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Grants that ended, at once as they end (signed) */
    get: operations['awaitRevocations'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/agents/enrolments': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** An agent enrols with its join token */
    post: operations['enrolAgent'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/agents/join-tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Let the agent of one instance enrol, once */
    post: operations['makeJoinToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/audit-events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who did what, newest first */
    get: operations['listAuditEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/cli-sign-in': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign a command line in; the answer holds its token */
    post: operations['cliSignIn'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/gateways/{gateway}/accounts/apply': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Do exactly what a plan showed */
    post: operations['applyAccounts'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/gateways/{gateway}/accounts/plan': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What would be done to accounts on the hosts of a gateway */
    post: operations['planAccounts'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/gateways/with-accounts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Gateways whose hosts have accounts of people */
    get: operations['listAccountsGateways'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/given-up-work': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Work that was given up, by its kind */
    get: operations['listGivenUpWork'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Grants: mine or all */
    get: operations['listGrants'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One grant */
    get: operations['readGrant'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/agent-tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** A token of 60 s that the companion agent obeys */
    post: operations['issueAgentToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/extensions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Ask for more time on a grant that stands */
    post: operations['extendGrant'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/flows': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where a grant was used to, and how much */
    get: operations['listFlows'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/leases': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Short-lived AWS credentials against an active grant */
    post: operations['issueLease'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/recordings': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Tell of a recording before its file is sent */
    post: operations['announceRecording'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/return': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Give a grant back before its end */
    post: operations['returnGrant'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End a grant at once, and its sessions with it */
    post: operations['revokeGrant'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/grants/{id}/route-grants': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What the privileged helper of this laptop may set until the grant ends */
    post: operations['issueRouteGrant'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/groups': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Groups and who is in them */
    get: operations['listGroups'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/groups/{group}/members/{email}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Put somebody into a group */
    put: operations['joinGroup'];
    post?: never;
    /** Take somebody out of a group; grants that no policy gives them any more end */
    delete: operations['leaveGroup'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/health/live': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The process runs */
    get: operations['readLiveness'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/health/ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The process can serve */
    get: operations['readReadiness'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/me': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who I am, and what waits for me */
    get: operations['readMe'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/recordings': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Recordings of sessions, the latest first */
    get: operations['listRecordings'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/recordings/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One recording, without its file */
    get: operations['readRecording'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/recordings/{id}/body': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The encrypted file of a recording */
    get: operations['openRecording'];
    /** Send the encrypted file of a recording */
    put: operations['sendRecording'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/resources': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Resources that one may see */
    get: operations['listResources'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/resources/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One resource by name */
    get: operations['readResource'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/resources/{name}/log-destination': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Where the shell of a resource is logged, as AWS shows it now */
    get: operations['readLogDestination'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/resources/{name}/session-policy': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The session policy and the documents of a grant of a resource, as its reviewers are shown them */
    get: operations['readSessionPolicy'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Sessions: mine, or all for an administrator or auditor */
    get: operations['listSessions'];
    put?: never;
    /** Tell that a session begins */
    post: operations['openSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sessions/{id}/close': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Tell that a session ended, and why */
    post: operations['closeSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sessions/{id}/heartbeat': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Tell that a session lives; the answer may say close */
    post: operations['beatSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sessions/{id}/terminate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Cut one session; its grant stays */
    post: operations['terminateSession'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sign-in': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Sign a browser in; the answer sets the cookie */
    post: operations['signIn'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sign-out': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End this sign-in; a token ends when tunnel login made it */
    post: operations['signOut'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/signing-keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The public keys that verify what is signed here; compare their fingerprints before you trust them */
    get: operations['listSigningKeys'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    AccessRequest: {
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      decidedAt: string | null;
      durationSeconds: number;
      extension?: components['schemas']['FactsExtension'] | null;
      facts: components['schemas']['Facts'] | null;
      factsDigest: string | null;
      id: string;
      items: components['schemas']['AccessRequestItem'][];
      /** Format: date-time */
      lapsesAt: string;
      mayCancel: boolean;
      mayReview: boolean;
      reason: string;
      requester: components['schemas']['PersonRef'];
      reviewers: string[];
      reviews: components['schemas']['Review'][];
      /** Format: date-time */
      startsAt: string | null;
      /** @enum {string} */
      state: 'pending' | 'approved' | 'denied' | 'cancelled' | 'lapsed';
      ticket: string | null;
      usualWaitSeconds: number | null;
      version: number;
    };
    AccessRequestItem: {
      grantId: string | null;
      id: string;
      resource: components['schemas']['ResourceRef'];
      /** @enum {string} */
      state: 'pending' | 'approved' | 'denied' | 'narrowed';
    };
    AccessRequestList: {
      items: components['schemas']['AccessRequest'][];
    };
    AccessToken: {
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      expiresAt: string;
      id: string;
      /** Format: date-time */
      lastUsedAt: string | null;
      name: string;
      scopes: ('read' | 'request' | 'review' | 'connect' | 'admin' | 'audit')[];
      /** @enum {string} */
      state: 'active' | 'expired' | 'revoked';
    };
    AccessTokenList: {
      items: components['schemas']['AccessToken'][];
    };
    AccountChange: {
      account: string;
      /** @enum {string} */
      kind: 'create' | 'unlock' | 'lock' | 'end';
      person: components['schemas']['PersonRef'] | null;
      processes: number;
      uid: number | null;
    };
    AccountRef: {
      id: string;
      name: string;
    };
    AccountRefusal: {
      account: string | null;
      people: components['schemas']['PersonRef'][];
      reason: string;
    };
    AccountsGateway: {
      gateway: string;
      group: string;
      sync: boolean;
    };
    AccountsGatewayList: {
      items: components['schemas']['AccountsGateway'][];
    };
    AccountsPlan: {
      changes: number;
      digest: string;
      gateway: string;
      group: string;
      hosts: components['schemas']['PlannedHost'][];
      unreached: components['schemas']['UnreachedHost'][];
    };
    Agent: {
      accountId: string | null;
      /** @enum {string} */
      enrolledBy: 'file' | 'join';
      fingerprint: string;
      id: string;
      instanceId: string;
      /** Format: date-time */
      lastSeenAt: string | null;
      /** @enum {string} */
      state: 'enrolled' | 'retired';
    };
    AgentEnrolment: {
      agentId: string;
      issuer: string;
      keys: components['schemas']['SigningKey'][];
    };
    AgentList: {
      items: components['schemas']['Agent'][];
    };
    AgentToken: {
      allow: components['schemas']['NetworkRoute'][];
      /** Format: date-time */
      expiresAt: string;
      token: string;
    };
    AnnounceRecording: {
      bytes: number;
      complete: boolean;
      /** Format: date-time */
      endedAt?: string | null;
      id: string;
      sessionId: string;
      sha256: string;
      /** Format: date-time */
      startedAt: string;
    };
    AppliedAccountsPlan: {
      digest: string;
      hosts: components['schemas']['AppliedHost'][];
    };
    AppliedHost: {
      done: string[];
      failed: string[];
      instanceId: string;
      instanceName: string | null;
      /** @enum {string} */
      state: 'applied' | 'changed' | 'failed';
    };
    ApplyAccountsPlan: {
      plan: string;
    };
    AuditActor: {
      email: string | null;
      id: string | null;
      /** @enum {string} */
      kind: 'person' | 'system';
      name: string;
    };
    AuditEvent: {
      actor: components['schemas']['AuditActor'];
      /** Format: date-time */
      at: string;
      details: {
        [key: string]: unknown;
      };
      grantId: string | null;
      id: string;
      leaseId: string | null;
      position: number;
      requestId: string | null;
      resource: components['schemas']['ResourceRef'] | null;
      sentence: string;
      sessionId: string | null;
      type: string;
    };
    AuditEventList: {
      items: components['schemas']['AuditEvent'][];
      nextCursor: string | null;
    };
    CliSignedIn: {
      /** Format: date-time */
      expiresAt: string;
      me: components['schemas']['Me'];
      token: string;
      tokenId: string;
    };
    CliSignIn: {
      deviceName: string;
      email: string;
      /** Format: password */
      password: string;
    };
    CloseOrder: {
      /** @enum {string} */
      code: 'GRANT_ENDED' | 'SESSION_TERMINATED';
      comment: string | null;
      reason: string;
    };
    CloseSession: {
      bytesDown: number;
      bytesUp: number;
      /** @enum {string} */
      reason:
        'client_exit' | 'idle' | 'grant_ended' | 'revoked' | 'network' | 'gateway_lost' | 'limit' | 'error';
    };
    Cluster: {
      ca: string | null;
      name: string;
      serverName: string;
    };
    Database: {
      /** @enum {string} */
      auth: 'none' | 'iam';
      name: string;
      role: string;
    };
    DocumentRef: {
      name: string;
      sha256: string;
    };
    EndedGrant: {
      grantId: string;
    };
    EnrolAgent: {
      instanceId: string;
      joinToken: string;
      publicKey: components['schemas']['PublicKey'];
    };
    ExtendGrant: {
      durationSeconds: number;
      reason?: string | null;
      /** Format: date-time */
      seenEndsAt?: string | null;
      ticket?: string | null;
    };
    Facts: {
      durationSeconds: number;
      extension?: components['schemas']['FactsExtension'];
      history: components['schemas']['FactsHistory'];
      items: components['schemas']['FactsItem'][];
      reason: string;
      requester: components['schemas']['FactsRequester'];
      /** Format: date-time */
      startsAt: string | null;
      ticket: string | null;
    };
    FactsDocument: {
      command: string | null;
      name: string;
      /** @enum {string} */
      purpose: 'port' | 'ssh' | 'shell' | 'command' | 'interactive';
      sha256: string;
    };
    FactsExtension: {
      /** Format: date-time */
      endsAt: string;
      grantId: string;
      /** Format: date-time */
      startedAt: string;
      /** Format: date-time */
      until: string;
    };
    FactsGateway: {
      instanceId: string | null;
      selector: {
        [key: string]: string;
      };
    };
    FactsHistory: {
      asked30d: number;
      used30d: number;
    };
    FactsItem: {
      account: components['schemas']['AccountRef'];
      adds: string;
      document: components['schemas']['DocumentRef'];
      documents?: components['schemas']['FactsDocument'][];
      gateway: components['schemas']['FactsGateway'];
      network?: components['schemas']['Network'];
      reach: components['schemas']['Reach'];
      recording: components['schemas']['Recording'];
      region: string;
      resource: components['schemas']['ResourceRef'];
      sessionPolicy: {
        [key: string]: unknown;
      };
      shell?: components['schemas']['ShellAccess'];
      ssh?: components['schemas']['SshAccess'];
      title: string;
    };
    FactsRequester: {
      email: string;
      groups: string[];
      id: string;
      name: string;
    };
    Flow: {
      agentId: string;
      bytesDown: number;
      bytesUp: number;
      code: string | null;
      destination: string;
      /** @enum {string} */
      end: 'client' | 'far' | 'refused' | 'revoked' | 'expired' | 'limit' | 'error';
      /** Format: date-time */
      endedAt: string;
      flowId: string;
      grantId: string;
      jti: string;
      name: string | null;
      personId: string;
      port: number | null;
      /** @enum {string} */
      proto: 'tcp' | 'udp' | 'icmp' | 'ip' | 'dns';
      source: string | null;
      /** Format: date-time */
      startedAt: string;
    };
    FlowDestination: {
      bytesDown: number;
      bytesUp: number;
      destination: string;
      flows: number;
      /** Format: date-time */
      lastAt: string;
      name: string | null;
      port: number | null;
      /** @enum {string} */
      proto: 'tcp' | 'udp' | 'icmp' | 'ip' | 'dns';
      refused: number;
    };
    FlowList: {
      destinations: components['schemas']['FlowDestination'][];
      items: components['schemas']['Flow'][];
      nextCursor: string | null;
    };
    FlowRecord: {
      bytesDown: number;
      bytesUp: number;
      code: string | null;
      destination: string;
      /** @enum {string} */
      end: 'client' | 'far' | 'refused' | 'revoked' | 'expired' | 'limit' | 'error';
      /** Format: date-time */
      endedAt: string;
      flowId: string;
      grantId: string;
      jti: string;
      name: string | null;
      personId: string;
      port: number | null;
      /** @enum {string} */
      proto: 'tcp' | 'udp' | 'icmp' | 'ip' | 'dns';
      source: string | null;
      /** Format: date-time */
      startedAt: string;
    };
    FlowsReported: {
      kept: number;
      refused: number;
    };
    Gateway: {
      instanceId: string | null;
      instanceName?: string | null;
      selector: {
        [key: string]: string;
      };
      /** @enum {string} */
      state: 'online' | 'lost' | 'stopped' | 'unknown';
    };
    GivenUpWork: {
      entries: number;
      /** Format: date-time */
      lastAt: string;
      lastError: string;
      topic: string;
    };
    GivenUpWorkList: {
      items: components['schemas']['GivenUpWork'][];
    };
    Grant: {
      approvedBy: components['schemas']['PersonRef'] | null;
      automatic: boolean;
      connectLine: string;
      endComment: string | null;
      /** Format: date-time */
      endedAt: string | null;
      endReason: string | null;
      /** Format: date-time */
      endsAt: string;
      extension?: components['schemas']['GrantExtension'] | null;
      extensions?: number;
      id: string;
      person: components['schemas']['PersonRef'];
      reason: string;
      requestId: string;
      resource: components['schemas']['ResourceRef'];
      sessions: components['schemas']['GrantSessions'];
      /** Format: date-time */
      startsAt: string;
      /** @enum {string} */
      state: 'scheduled' | 'active' | 'ended';
      version: number;
    };
    GrantExtension: {
      automaticSecondsMax: number;
      requestId: string | null;
      secondsMax: number;
    };
    GrantList: {
      items: components['schemas']['Grant'][];
    };
    GrantSessions: {
      live: number;
      total: number;
    };
    Group: {
      members: components['schemas']['PersonRef'][];
      name: string;
    };
    GroupList: {
      items: components['schemas']['Group'][];
    };
    Health: {
      checked: string[];
      /** @enum {string} */
      state: 'live' | 'ready';
    };
    Heartbeat: {
      bytesDown: number;
      bytesUp: number;
      /** @enum {string|null} */
      lost?:
        | 'service_close'
        | 'broken'
        | 'peer_dead'
        | 'woke'
        | 'network_changed'
        | 'agent_dead'
        | 'session_ended'
        | null;
      ssmSessionId?: string | null;
      /** @enum {string} */
      state: 'open' | 'reconnecting';
    };
    HeartbeatAnswer: {
      close: components['schemas']['CloseOrder'] | null;
      session: components['schemas']['Session'];
    };
    IssueAgentToken: {
      instanceId: string;
      publicKey: components['schemas']['PublicKey'];
    };
    IssueLease: {
      avoid?: string[];
      command?: string;
      /** @enum {string} */
      purpose?: 'port' | 'ssh' | 'shell' | 'command' | 'interactive';
    };
    JoinToken: {
      /** Format: date-time */
      expiresAt: string;
      token: string;
    };
    Lease: {
      accountId: string;
      agent: components['schemas']['LeaseAgent'] | null;
      credentials: components['schemas']['LeaseCredentials'];
      documentName: string;
      endpoint: string | null;
      grantId: string;
      id: string;
      instanceId: string;
      /** @enum {string} */
      purpose: 'port' | 'ssh' | 'shell' | 'command' | 'interactive';
      region: string;
      resource: components['schemas']['LeaseResource'];
      session: components['schemas']['LeaseSession'] | null;
      sessionNamePrefix: string;
      sessionReason: string;
      ssh: components['schemas']['LeaseSsh'] | null;
      /** @enum {string} */
      state: 'issued';
      /** Format: date-time */
      usefulUntil: string;
      /** @enum {string} */
      way: 'pinned' | 'agent' | 'ssh' | 'shell';
    };
    LeaseAgent: {
      id: string;
      instanceId: string;
      port: number;
    };
    LeaseClientRecording: {
      recipients: string[];
      required: boolean;
    };
    LeaseCredentials: {
      accessKeyId: string;
      /** Format: date-time */
      expiration: string;
      secretAccessKey: string;
      sessionToken: string;
    };
    LeaseResource: {
      cluster?: components['schemas']['Cluster'] | null;
      database: components['schemas']['Database'] | null;
      host: string | null;
      id: string;
      /** @enum {string} */
      kind: 'database' | 'port' | 'cluster' | 'ssh' | 'shell' | 'subnet';
      name: string;
      network?: components['schemas']['Network'] | null;
      port: number | null;
      protocol: string | null;
      shell?: components['schemas']['ShellAccess'] | null;
      ssh?: components['schemas']['SshAccess'] | null;
      tls?: components['schemas']['Tls'] | null;
    };
    LeaseSession: {
      clientRecording: components['schemas']['LeaseClientRecording'];
      encrypted: boolean;
      keyArn: string | null;
      runAs: string;
      /** @enum {string} */
      type: 'Standard_Stream' | 'InteractiveCommands' | 'NonInteractiveCommands';
      writesCommand: boolean;
    };
    LeaseSsh: {
      hostKeys: string[];
      instanceConnect: boolean;
      instanceId: string;
      port: number;
      user: string;
      zone: string | null;
    };
    LogDestination: {
      detail: string | null;
      logs: components['schemas']['ShellLogs'] | null;
      resource: components['schemas']['ResourceRef'];
      /** @enum {string} */
      state: 'none' | 'ready' | 'missing' | 'unencrypted' | 'notChecked';
    };
    MakeAccessToken: {
      expiresInDays: number;
      name: string;
      scopes: ('read' | 'request' | 'review' | 'connect' | 'admin' | 'audit')[];
    };
    MakeJoinToken: {
      instanceId: string;
    };
    Me: {
      counts: components['schemas']['MeCounts'];
      email: string;
      groups: string[];
      id: string;
      name: string;
      roles: ('engineer' | 'approver' | 'admin' | 'auditor')[];
      scopes: ('read' | 'request' | 'review' | 'connect' | 'admin' | 'audit')[] | null;
      server: components['schemas']['ServerRef'];
      /** @enum {string} */
      signedInBy: 'cookie' | 'token';
    };
    MeCounts: {
      activeGrants: number;
      liveSessions: number;
      toReview: number;
    };
    Membership: {
      groups: string[];
      person: components['schemas']['PersonRef'];
    };
    NamedCommand: {
      name: string;
      run: string;
    };
    Network: {
      carries: ('tcp' | 'udp' | 'icmp' | 'ip')[];
      everything: boolean;
      maxBps?: number;
      resolver: string | null;
      routes: components['schemas']['NetworkRoute'][];
      suffixes: string[];
      /** @enum {string} */
      way: 'agent' | 'ssh';
    };
    NetworkRoute: {
      cidr: string;
      ports: number[][];
      /** @enum {string} */
      proto: 'tcp' | 'udp' | 'icmp' | 'ip';
    };
    NewAccessToken: {
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      expiresAt: string;
      id: string;
      /** Format: date-time */
      lastUsedAt: string | null;
      name: string;
      scopes: ('read' | 'request' | 'review' | 'connect' | 'admin' | 'audit')[];
      /** @enum {string} */
      state: 'active' | 'expired' | 'revoked';
      token: string;
    };
    NotConnectable: {
      code: string;
      reason: string;
    };
    OpenSession: {
      clientVersion: string;
      grantId: string;
      leaseId: string;
      localPort?: number | null;
    };
    OwnerlessKeys: {
      account: string | null;
      keys: number;
      path: string;
      why: string;
    };
    PersonRef: {
      email: string;
      id: string;
      name: string;
    };
    PlannedHost: {
      changes: components['schemas']['AccountChange'][];
      instanceId: string;
      instanceName: string | null;
      later: number;
      ownerlessKeys: components['schemas']['OwnerlessKeys'][];
      refused: components['schemas']['AccountRefusal'][];
    };
    Problem: {
      advice: string;
      code: string;
      detail: string;
      errors?: {
        field: string;
        message: string;
      }[];
      instance?: string;
      kind: string;
      retryAfterSeconds?: number;
      status: number;
      title: string;
      type: string;
    } & {
      [key: string]: unknown;
    };
    PublicKey: {
      /** @enum {string} */
      crv: 'Ed25519';
      /** @enum {string} */
      kty: 'OKP';
      x: string;
    };
    Reach: {
      database?: string | null;
      databaseRole?: string | null;
      host: string | null;
      port: number | null;
      protocol: string | null;
    };
    Recording: {
      recorded: boolean;
      statement: string;
      where: string | null;
    };
    RecordingAnnounced: {
      id: string;
      upload: string;
    };
    RecordingOfSession: {
      ids: string[];
      /** @enum {string} */
      state: 'awaited' | 'stored' | 'missing' | 'removed';
    };
    RecordReview: {
      comment?: string | null;
      durationSeconds?: number | null;
      factsDigest: string;
      only?: string[];
      /** @enum {string} */
      verdict: 'approve' | 'deny';
    };
    ReportFlows: {
      records: components['schemas']['FlowRecord'][];
    };
    Resource: {
      account: components['schemas']['AccountRef'];
      cidr?: string | null;
      cluster?: components['schemas']['Cluster'] | null;
      connectable: boolean;
      database?: components['schemas']['Database'] | null;
      description: string;
      documents?: components['schemas']['FactsDocument'][];
      environment: string;
      gateway: components['schemas']['Gateway'];
      host: string | null;
      id: string;
      /** @enum {string} */
      kind: 'database' | 'port' | 'cluster' | 'ssh' | 'shell' | 'subnet';
      mine: components['schemas']['ResourceMine'];
      name: string;
      network?: components['schemas']['Network'] | null;
      notConnectable: components['schemas']['NotConnectable'] | null;
      port: number | null;
      /** @enum {string|null} */
      protocol?: 'postgresql' | 'mysql' | 'redis' | 'http' | 'kubernetes' | 'ssh' | null;
      recording: components['schemas']['Recording'];
      region: string;
      rule: components['schemas']['ResourceRule'];
      shell?: components['schemas']['ShellAccess'] | null;
      ssh?: components['schemas']['SshAccess'] | null;
      tags: {
        [key: string]: string;
      };
      title: string;
      tls?: components['schemas']['Tls'] | null;
    };
    ResourceList: {
      items: components['schemas']['Resource'][];
    };
    ResourceMine: {
      /** Format: date-time */
      endsAt: string | null;
      grantId: string | null;
      requestId: string | null;
      /** @enum {string} */
      state: 'none' | 'waiting' | 'granted' | 'connected';
    };
    ResourceRef: {
      id: string;
      /** @enum {string} */
      kind: 'database' | 'port' | 'cluster' | 'ssh' | 'shell' | 'subnet';
      name: string;
    };
    ResourceRule: {
      autoApproved: boolean;
      defaultDurationSeconds: number;
      maxDurationSeconds: number;
      policy: string;
      reasonExample: string;
      reasonRequired: boolean;
      reviewers: string[];
      usualWaitSeconds: number | null;
    };
    Review: {
      /** Format: date-time */
      at: string;
      automatic: boolean;
      comment: string | null;
      id: string;
      reviewer: components['schemas']['PersonRef'] | null;
      /** @enum {string} */
      verdict: 'approve' | 'deny';
    };
    Revocations: {
      cursor: number;
      revoked: components['schemas']['EndedGrant'][];
    };
    RevokeGrant: {
      reason: string;
    };
    RouteGrant: {
      /** Format: date-time */
      expiresAt: string;
      fingerprint: string;
      token: string;
    };
    ServerRef: {
      name: string;
      version: string;
    };
    Session: {
      bytesDown: number;
      bytesUp: number;
      clientVersion: string;
      /** Format: date-time */
      closedAt: string | null;
      endReason: string | null;
      /** Format: date-time */
      endsAt: string;
      grantId: string;
      id: string;
      instanceId: string | null;
      /** Format: date-time */
      lastSeenAt: string;
      /** Format: date-time */
      openedAt: string;
      person: components['schemas']['PersonRef'];
      /** @enum {string} */
      purpose: 'port' | 'ssh' | 'shell' | 'command' | 'interactive';
      recording: components['schemas']['RecordingOfSession'] | null;
      resource: components['schemas']['ResourceRef'];
      ssmSessionId: string | null;
      /** @enum {string} */
      state: 'opening' | 'open' | 'reconnecting' | 'closing' | 'closed';
    };
    SessionList: {
      items: components['schemas']['Session'][];
    };
    SessionPolicy: {
      account: components['schemas']['AccountRef'];
      document: components['schemas']['DocumentRef'];
      documents: components['schemas']['FactsDocument'][];
      instanceId: string | null;
      region: string;
      resource: components['schemas']['ResourceRef'];
      sessionPolicy: {
        [key: string]: unknown;
      };
    };
    SessionRecording: {
      bytes: number;
      complete: boolean;
      /** Format: date-time */
      endedAt: string | null;
      grantId: string;
      id: string;
      /** Format: date-time */
      keptUntil: string | null;
      person: components['schemas']['PersonRef'];
      /** @enum {string} */
      purpose: 'port' | 'ssh' | 'shell' | 'command' | 'interactive';
      /** Format: date-time */
      removedAt: string | null;
      resource: components['schemas']['ResourceRef'];
      sessionId: string;
      sha256: string;
      /** Format: date-time */
      startedAt: string;
      /** @enum {string} */
      state: 'announced' | 'stored' | 'removed';
      /** Format: date-time */
      storedAt: string | null;
    };
    SessionRecordingList: {
      items: components['schemas']['SessionRecording'][];
      nextCursor: string | null;
    };
    ShellAccess: {
      clientRecording: boolean;
      commands: components['schemas']['ShellCommands'];
      encrypted: boolean;
      keyArn: string | null;
      login: boolean;
      logs: components['schemas']['ShellLogs'] | null;
      runAs: string;
    };
    ShellCommands: {
      listed: components['schemas']['NamedCommand'][];
      /** @enum {string} */
      which: 'any' | 'listed' | 'none';
    };
    ShellLogs: {
      place: string;
      prefix: string | null;
      /** @enum {string} */
      to: 'cloudWatch' | 's3';
    };
    SignIn: {
      email: string;
      /** Format: password */
      password: string;
    };
    SigningKey: {
      /** @enum {string} */
      alg: 'EdDSA';
      /** @enum {string} */
      crv: 'Ed25519';
      kid: string;
      /** @enum {string} */
      kty: 'OKP';
      /** @enum {string} */
      use: 'sig';
      x: string;
    };
    SigningKeyList: {
      fingerprints: string[];
      issuer: string;
      keys: components['schemas']['SigningKey'][];
      keySet: string | null;
      keySets: string[];
      serial: number;
    };
    SshAccess: {
      instanceConnect: boolean;
      port: number;
      user: string;
    };
    SubmitAccessRequest: {
      durationSeconds: number;
      reason: string;
      resources: string[];
      /** Format: date-time */
      startsAt?: string | null;
      ticket?: string | null;
    };
    TerminateSession: {
      reason: string;
    };
    Tls: {
      ca: string | null;
      serverName: string;
    };
    UnreachedHost: {
      code: string;
      instanceId: string;
      instanceName: string | null;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type AccessRequest = components['schemas']['AccessRequest'];
export type AccessRequestItem = components['schemas']['AccessRequestItem'];
export type AccessRequestList = components['schemas']['AccessRequestList'];
export type AccessToken = components['schemas']['AccessToken'];
export type AccessTokenList = components['schemas']['AccessTokenList'];
export type AccountChange = components['schemas']['AccountChange'];
export type AccountRef = components['schemas']['AccountRef'];
export type AccountRefusal = components['schemas']['AccountRefusal'];
export type AccountsGateway = components['schemas']['AccountsGateway'];
export type AccountsGatewayList = components['schemas']['AccountsGatewayList'];
export type AccountsPlan = components['schemas']['AccountsPlan'];
export type Agent = components['schemas']['Agent'];
export type AgentEnrolment = components['schemas']['AgentEnrolment'];
export type AgentList = components['schemas']['AgentList'];
export type AgentToken = components['schemas']['AgentToken'];
export type AnnounceRecording = components['schemas']['AnnounceRecording'];
export type AppliedAccountsPlan = components['schemas']['AppliedAccountsPlan'];
export type AppliedHost = components['schemas']['AppliedHost'];
export type ApplyAccountsPlan = components['schemas']['ApplyAccountsPlan'];
export type AuditActor = components['schemas']['AuditActor'];
export type AuditEvent = components['schemas']['AuditEvent'];
export type AuditEventList = components['schemas']['AuditEventList'];
export type CliSignedIn = components['schemas']['CliSignedIn'];
export type CliSignIn = components['schemas']['CliSignIn'];
export type CloseOrder = components['schemas']['CloseOrder'];
export type CloseSession = components['schemas']['CloseSession'];
export type Cluster = components['schemas']['Cluster'];
export type Database = components['schemas']['Database'];
export type DocumentRef = components['schemas']['DocumentRef'];
export type EndedGrant = components['schemas']['EndedGrant'];
export type EnrolAgent = components['schemas']['EnrolAgent'];
export type ExtendGrant = components['schemas']['ExtendGrant'];
export type Facts = components['schemas']['Facts'];
export type FactsDocument = components['schemas']['FactsDocument'];
export type FactsExtension = components['schemas']['FactsExtension'];
export type FactsGateway = components['schemas']['FactsGateway'];
export type FactsHistory = components['schemas']['FactsHistory'];
export type FactsItem = components['schemas']['FactsItem'];
export type FactsRequester = components['schemas']['FactsRequester'];
export type Flow = components['schemas']['Flow'];
export type FlowDestination = components['schemas']['FlowDestination'];
export type FlowList = components['schemas']['FlowList'];
export type FlowRecord = components['schemas']['FlowRecord'];
export type FlowsReported = components['schemas']['FlowsReported'];
export type Gateway = components['schemas']['Gateway'];
export type GivenUpWork = components['schemas']['GivenUpWork'];
export type GivenUpWorkList = components['schemas']['GivenUpWorkList'];
export type Grant = components['schemas']['Grant'];
export type GrantExtension = components['schemas']['GrantExtension'];
export type GrantList = components['schemas']['GrantList'];
export type GrantSessions = components['schemas']['GrantSessions'];
export type Group = components['schemas']['Group'];
export type GroupList = components['schemas']['GroupList'];
export type Health = components['schemas']['Health'];
export type Heartbeat = components['schemas']['Heartbeat'];
export type HeartbeatAnswer = components['schemas']['HeartbeatAnswer'];
export type IssueAgentToken = components['schemas']['IssueAgentToken'];
export type IssueLease = components['schemas']['IssueLease'];
export type JoinToken = components['schemas']['JoinToken'];
export type Lease = components['schemas']['Lease'];
export type LeaseAgent = components['schemas']['LeaseAgent'];
export type LeaseClientRecording = components['schemas']['LeaseClientRecording'];
export type LeaseCredentials = components['schemas']['LeaseCredentials'];
export type LeaseResource = components['schemas']['LeaseResource'];
export type LeaseSession = components['schemas']['LeaseSession'];
export type LeaseSsh = components['schemas']['LeaseSsh'];
export type LogDestination = components['schemas']['LogDestination'];
export type MakeAccessToken = components['schemas']['MakeAccessToken'];
export type MakeJoinToken = components['schemas']['MakeJoinToken'];
export type Me = components['schemas']['Me'];
export type MeCounts = components['schemas']['MeCounts'];
export type Membership = components['schemas']['Membership'];
export type NamedCommand = components['schemas']['NamedCommand'];
export type Network = components['schemas']['Network'];
export type NetworkRoute = components['schemas']['NetworkRoute'];
export type NewAccessToken = components['schemas']['NewAccessToken'];
export type NotConnectable = components['schemas']['NotConnectable'];
export type OpenSession = components['schemas']['OpenSession'];
export type OwnerlessKeys = components['schemas']['OwnerlessKeys'];
export type PersonRef = components['schemas']['PersonRef'];
export type PlannedHost = components['schemas']['PlannedHost'];
export type Problem = components['schemas']['Problem'];
export type PublicKey = components['schemas']['PublicKey'];
export type Reach = components['schemas']['Reach'];
export type Recording = components['schemas']['Recording'];
export type RecordingAnnounced = components['schemas']['RecordingAnnounced'];
export type RecordingOfSession = components['schemas']['RecordingOfSession'];
export type RecordReview = components['schemas']['RecordReview'];
export type ReportFlows = components['schemas']['ReportFlows'];
export type Resource = components['schemas']['Resource'];
export type ResourceList = components['schemas']['ResourceList'];
export type ResourceMine = components['schemas']['ResourceMine'];
export type ResourceRef = components['schemas']['ResourceRef'];
export type ResourceRule = components['schemas']['ResourceRule'];
export type Review = components['schemas']['Review'];
export type Revocations = components['schemas']['Revocations'];
export type RevokeGrant = components['schemas']['RevokeGrant'];
export type RouteGrant = components['schemas']['RouteGrant'];
export type ServerRef = components['schemas']['ServerRef'];
export type Session = components['schemas']['Session'];
export type SessionList = components['schemas']['SessionList'];
export type SessionPolicy = components['schemas']['SessionPolicy'];
export type SessionRecording = components['schemas']['SessionRecording'];
export type SessionRecordingList = components['schemas']['SessionRecordingList'];
export type ShellAccess = components['schemas']['ShellAccess'];
export type ShellCommands = components['schemas']['ShellCommands'];
export type ShellLogs = components['schemas']['ShellLogs'];
export type SignIn = components['schemas']['SignIn'];
export type SigningKey = components['schemas']['SigningKey'];
export type SigningKeyList = components['schemas']['SigningKeyList'];
export type SshAccess = components['schemas']['SshAccess'];
export type SubmitAccessRequest = components['schemas']['SubmitAccessRequest'];
export type TerminateSession = components['schemas']['TerminateSession'];
export type Tls = components['schemas']['Tls'];
export type UnreachedHost = components['schemas']['UnreachedHost'];
export type $defs = Record<string, never>;
export interface operations {
  listAccessRequests: {
    parameters: {
      query?: {
        /** @description states, separated by commas */
        state?: string;
        view?: 'mine' | 'to-review' | 'all';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequestList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  submitAccessRequest: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SubmitAccessRequest'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequest'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readAccessRequest: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequest'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  cancelAccessRequest: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequest'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  recordReview: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['RecordReview'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequest'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listAccessTokens: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessTokenList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  makeAccessToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['MakeAccessToken'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['NewAccessToken'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  revokeAccessToken: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listAgents: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AgentList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  reportFlows: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ReportFlows'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['FlowsReported'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  awaitRevocations: {
    parameters: {
      query?: {
        /** @description the cursor of the last answer */
        after?: number;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Revocations'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  enrolAgent: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['EnrolAgent'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AgentEnrolment'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  makeJoinToken: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['MakeJoinToken'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JoinToken'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listAuditEvents: {
    parameters: {
      query?: {
        cursor?: string;
        from?: string;
        grant?: string;
        limit?: number;
        person?: string;
        request?: string;
        resource?: string;
        to?: string;
        type?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AuditEventList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  cliSignIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['CliSignIn'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CliSignedIn'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  applyAccounts: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        gateway: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ApplyAccountsPlan'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AppliedAccountsPlan'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  planAccounts: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        gateway: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccountsPlan'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listAccountsGateways: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccountsGatewayList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listGivenUpWork: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GivenUpWorkList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listGrants: {
    parameters: {
      query?: {
        /** @description states, separated by commas */
        state?: string;
        view?: 'mine' | 'all';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GrantList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readGrant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Grant'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  issueAgentToken: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['IssueAgentToken'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AgentToken'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  extendGrant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ExtendGrant'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AccessRequest'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listFlows: {
    parameters: {
      query?: {
        cursor?: string;
      };
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['FlowList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  issueLease: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['IssueLease'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Lease'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  announceRecording: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['AnnounceRecording'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RecordingAnnounced'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  returnGrant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Grant'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  revokeGrant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['RevokeGrant'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Grant'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  issueRouteGrant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['RouteGrant'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listGroups: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GroupList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  joinGroup: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        email: string;
        group: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Membership'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  leaveGroup: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        email: string;
        group: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Membership'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readLiveness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readReadiness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readMe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Me'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listRecordings: {
    parameters: {
      query?: {
        cursor?: string;
        grant?: string;
        person?: string;
        resource?: string;
        session?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionRecordingList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readRecording: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionRecording'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  openRecording: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/age': string;
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  sendRecording: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/octet-stream': string;
      };
    };
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listResources: {
    parameters: {
      query?: {
        /** @description key=value */
        tag?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ResourceList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readResource: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Resource'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readLogDestination: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['LogDestination'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readSessionPolicy: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionPolicy'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listSessions: {
    parameters: {
      query?: {
        state?: 'live' | 'closed';
        view?: 'mine' | 'all';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SessionList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  openSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['OpenSession'];
      };
    };
    responses: {
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  closeSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['CloseSession'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  beatSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Heartbeat'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['HeartbeatAnswer'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  terminateSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['TerminateSession'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  signIn: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SignIn'];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Me'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  signOut: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listSigningKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SigningKeyList'];
        };
      };
      /** @description A refusal or failure; see docs/problems for each code. */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
}
