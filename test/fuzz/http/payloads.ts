/** Requests that two readers of HTTP may take for different ones, made from rules: each rule is one idea, spelled in every way that is known of. */

import { chunks, lengths, lengthThenChunks } from './framing-payloads.ts'
import type { Payload } from './payload.ts'
import { chunked, hidden, host, noChunks, post } from './payload.ts'

const withLine = (first: string, fields = host): string => `${first}\r\n${fields}\r\n${hidden}`
const lines = [
  'GET  /attack HTTP/1.1',
  'GET\t/attack HTTP/1.1',
  'GET /attack  HTTP/1.1',
  'GET /attack\tHTTP/1.1',
  'GET /attack HTTP/1.1 ',
  ' GET /attack HTTP/1.1',
  'GET /attack http/1.1',
  'GET /attack HTTP/1.2',
  'GET /attack HTTP/2.0',
  'GET /attack HTTP/0.9',
  'GET /attack HTTP/1.',
  'GET /attack HTTP/11',
  'GET /attack HTTP/1.10',
  'GET /attack HTTP/+1.1',
  'GET /attack HTTP /1.1',
  'GET /attack',
  'GET /att ack HTTP/1.1',
  'GET /attack\x00 HTTP/1.1',
  'GET /attack\x0b HTTP/1.1',
  'GET /attack\xff HTTP/1.1',
  'GET /attack\\..\\x HTTP/1.1',
  'GET attack HTTP/1.1',
  'GET ?attack HTTP/1.1',
  'GET * HTTP/1.1',
  'GET //attack HTTP/1.1',
  'GET /attack#x HTTP/1.1',
  'GET /a/../attack HTTP/1.1',
  'GET /%2e%2e/attack HTTP/1.1',
  'GET /attack%00 HTTP/1.1',
  'GET /attack%0d%0aX:%20y HTTP/1.1',
  'GET /attack\rX: y HTTP/1.1',
  'GET /attack HTTP/1.1\rX: y',
  'G\x00T /attack HTTP/1.1',
  'get /attack HTTP/1.1',
  'G\xc9T /attack HTTP/1.1',
  'GET: /attack HTTP/1.1',
  '"GET" /attack HTTP/1.1',
  'CONNECT relay.test:443 HTTP/1.1',
  'TRACE /attack HTTP/1.1',
  'PRI * HTTP/2.0',
  'FOO /attack HTTP/1.1',
  'GET http://relay.test/attack HTTP/1.1',
  'GET http://other.test/attack HTTP/1.1',
  'GET http://relay.test@other.test/attack HTTP/1.1',
  'GET HTTP://RELAY.TEST/attack HTTP/1.1',
  'GET ftp://relay.test/attack HTTP/1.1',
  'GET http:///attack HTTP/1.1',
  'GET http:/attack HTTP/1.1',
  'GET relay.test/attack HTTP/1.1',
] as const

const hosts = [
  'Host: relay.test\r\nHost: other.test',
  'Host: relay.test\r\nhost: relay.test',
  'Host:',
  '',
  'Host: relay.test, other.test',
  'Host: relay.test other.test',
  'Host: relay.test/x',
  'Host: a@relay.test',
  'Host: relay.test:80:80',
  'Host: relay.test:x',
  'Host: relay.test#x',
  'Host: relay.test\x00',
  'Host : relay.test',
  ' Host: relay.test',
  'Host: \x0brelay.test',
  'Host: relay.test\r\n other',
  'Host: [::1',
  'Host: relay.test\\other',
  'Host: relay.test\r\nX-Host: y\rHost: other',
  'Host: relay.test?x',
  'H\xf6st: relay.test',
  'Host: relay.test:-80',
] as const

const endings: readonly Payload[] = [
  ['head ended by LF LF', `GET /attack HTTP/1.1\r\nHost: relay.test\n\n${hidden}`],
  ['every line ended by LF', `GET /attack HTTP/1.1\nHost: relay.test\n\n${hidden}`],
  ['first line ended by LF', `GET /attack HTTP/1.1\n${host}\r\n${hidden}`],
  ['every line ended by CR', `GET /attack HTTP/1.1\rHost: relay.test\r\r${hidden}`],
  ['head ended by CR LF CR', `GET /attack HTTP/1.1\r\n${host}\r${hidden}`],
  ['head ended by LF CR LF', `GET /attack HTTP/1.1\r\nHost: relay.test\n\r\n${hidden}`],
  ['head ended by CR LF LF', `GET /attack HTTP/1.1\r\n${host}\n${hidden}`],
  ['head ended by CR LF CR X', `GET /attack HTTP/1.1\r\n${host}\rX${hidden}`],
  ['line ended by CR CR LF', `GET /attack HTTP/1.1\r\nHost: relay.test\r\r\n\r\n${hidden}`],
  ['one blank line first', `\r\nGET /attack HTTP/1.1\r\n${host}\r\n${hidden}`],
  ['ten blank lines first', `${'\r\n'.repeat(10)}GET /attack HTTP/1.1\r\n${host}\r\n${hidden}`],
  ['LF first', `\nGET /attack HTTP/1.1\r\n${host}\r\n${hidden}`],
  ['CR first', `\rGET /attack HTTP/1.1\r\n${host}\r\n${hidden}`],
  ['blank between two requests', `GET /attack HTTP/1.1\r\n${host}\r\n ${hidden}`],
  ['NUL between two requests', `GET /attack HTTP/1.1\r\n${host}\r\n\x00${hidden}`],
  ['first field folded', `GET /attack HTTP/1.1\r\n X: y\r\n${host}\r\n${hidden}`],
  ['field without a colon', `GET /attack HTTP/1.1\r\n${host}nonsense\r\n\r\n${hidden}`],
  ['field without a name', `GET /attack HTTP/1.1\r\n${host}: x\r\n\r\n${hidden}`],
  ['name with a NUL', `GET /attack HTTP/1.1\r\n${host}X\x00Y: z\r\n\r\n${hidden}`],
  ['name with a high byte', `GET /attack HTTP/1.1\r\n${host}X\xe4: z\r\n\r\n${hidden}`],
  ['name with a blank', `GET /attack HTTP/1.1\r\n${host}X Y: z\r\n\r\n${hidden}`],
  ['name with brackets', `GET /attack HTTP/1.1\r\n${host}X(Y): z\r\n\r\n${hidden}`],
  ['value with a NUL', `GET /attack HTTP/1.1\r\n${host}X: a\x00b\r\n\r\n${hidden}`],
  ['value with a bell', `GET /attack HTTP/1.1\r\n${host}X: a\x07b\r\n\r\n${hidden}`],
  ['value with a CR', `GET /attack HTTP/1.1\r\n${host}X: a\rb\r\n\r\n${hidden}`],
  ['an HTTP/0.9 request', `GET /attack\r\n${hidden}`],
  ['bytes of TLS', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${hidden}`],
  ['preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`],
].map(([name = '', text = '']) => ({ name, text }))

/** A body where none is usual, and methods that fronts treat in a way of their own. */
const odd: readonly Payload[] = [
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'FOO'].flatMap((method) => [
    {
      name: `${method} with a length`,
      text: `${method} /attack HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
    },
    { name: `${method} with chunks`, text: `${method} /attack HTTP/1.1\r\n${host}${chunked}\r\n${noChunks}${hidden}` },
    {
      name: `${method} with length and chunks`,
      text: `${method} /attack HTTP/1.1\r\n${host}Content-Length: 5\r\n${chunked}\r\n${noChunks}${hidden}`,
    },
    {
      name: `unread ${method} with a length`,
      text: `${method} /unread HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
    },
  ]),
  ...[
    'content-length',
    'transfer-encoding',
    'host',
    'close, content-length',
    'content-length, keep-alive',
    'x-any',
    'upgrade',
    'TE',
  ].map((named) => ({
    name: `Connection names ${named}`,
    text: post(`Connection: ${named}\r\nContent-Length: ${hidden.length}\r\n`, hidden),
  })),
  ...[
    '100-continue',
    '100-Continue',
    ' 100-continue',
    '100-continue, x',
    'x',
    '',
    '200-ok',
    '100-continue\r\nExpect: 100-continue',
  ].flatMap((expect) => [
    {
      name: `Expect ${JSON.stringify(expect)} with a length`,
      text: post(`Expect: ${expect}\r\nContent-Length: ${hidden.length}\r\n`, hidden),
    },
    {
      name: `Expect ${JSON.stringify(expect)} with chunks`,
      text: post(`Expect: ${expect}\r\n${chunked}`, `${noChunks}${hidden}`),
    },
  ]),
  ...['websocket', 'h2c', 'h2c, websocket', 'TLS/1.2', 'foo', 'HTTP/2.0'].flatMap((protocol) => [
    {
      name: `Upgrade to ${protocol} with a length`,
      text: post(
        `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nContent-Length: ${hidden.length}\r\n`,
        hidden,
      ),
    },
    {
      name: `Upgrade to ${protocol} by GET`,
      text: `GET /attack HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n${hidden}`,
    },
  ]),
  ...['HTTP/1.0', 'HTTP/1.1'].flatMap((version) =>
    [
      '',
      'Connection: close\r\n',
      'Connection: keep-alive\r\n',
      'Connection: close, keep-alive\r\n',
      'Proxy-Connection: keep-alive\r\n',
      'Keep-Alive: timeout=5\r\n',
    ].map((fields) => ({
      name: `${version} with ${JSON.stringify(fields)} and more behind it`,
      text: `POST /attack ${version}\r\n${host}${fields}Content-Length: 5\r\n\r\nhello${hidden}`,
    })),
  ),
  ...['HTTP/1.0', 'HTTP/0.9'].map((version) => ({
    name: `chunks in ${version}`,
    text: `POST /attack ${version}\r\n${host}Connection: keep-alive\r\n${chunked}\r\n${noChunks}${hidden}`,
  })),
  {
    name: '2,100 headers before the length',
    text: post(
      `${Array.from({ length: 2100 }, (_, at) => `a${at}: b`).join('\r\n')}\r\nContent-Length: 5\r\n`,
      `hello${hidden}`,
    ),
  },
  {
    name: '101 headers before the length',
    text: post(
      `${Array.from({ length: 101 }, (_, at) => `a${at}: b`).join('\r\n')}\r\nContent-Length: 5\r\n`,
      `hello${hidden}`,
    ),
  },
  {
    name: 'a header of 20,000 bytes before the length',
    text: post(`X: ${'y'.repeat(20_000)}\r\nContent-Length: 5\r\n`, `hello${hidden}`),
  },
  { name: 'a target of 20,000 bytes', text: withLine(`GET /${'x'.repeat(20_000)} HTTP/1.1`) },
  {
    name: '__proto__ as a header',
    text: post('__proto__: x\r\nconstructor: y\r\nContent-Length: 5\r\n', `hello${hidden}`),
  },
  {
    name: "a front's own words",
    text: post(
      'X-Front-Stamp: forged\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: other.test\r\nForwarded: host=other.test\r\nContent-Length: 5\r\n',
      `hello${hidden}`,
    ),
  },
  {
    name: 'two credentials',
    text: post('Authorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 5\r\n', `hello${hidden}`),
  },
]

const plain: readonly Payload[] = [
  { name: 'plain GET', text: `GET /attack HTTP/1.1\r\n${host}\r\n`, isPlain: true },
  { name: 'plain POST with a length', text: post('Content-Length: 5\r\n', 'hello'), isPlain: true },
  { name: 'plain POST with chunks', text: post(chunked, `5\r\nhello\r\n${noChunks}`), isPlain: true },
  {
    name: 'plain POST with many chunks',
    text: post(chunked, `1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n${noChunks}`),
    isPlain: true,
  },
  { name: 'plain POST of nothing', text: post('Content-Length: 0\r\n', ''), isPlain: true },
  {
    name: 'three plain requests in one piece',
    text: `GET /one HTTP/1.1\r\n${host}\r\n${post('Content-Length: 5\r\n', 'hello')}GET /three HTTP/1.1\r\n${host}\r\n`,
    isPlain: true,
  },
]

/** Every payload, under a name of its own. */
export const payloads: readonly Payload[] = [
  ...plain,
  ...lengthThenChunks,
  ...lengths,
  ...chunks,
  ...lines.map((first) => ({
    name: `line ${JSON.stringify(first)}`,
    text: withLine(first, first.startsWith('CONNECT') ? 'Host: relay.test:443\r\n' : host),
  })),
  ...hosts.map((field) => ({
    name: `host ${JSON.stringify(field)}`,
    text: `GET /attack HTTP/1.1\r\n${field === '' ? '' : `${field}\r\n`}\r\n${hidden}`,
  })),
  ...endings,
  ...odd,
]

type Chance = () => number

const splices = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  '\x0b',
  ':',
  ';',
  ',',
  '0',
  '5',
  '\xff',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 3\r\n',
  'Host: other.test\r\n',
  'HTTP/1.0',
  '0\r\n\r\n',
]

/** A payload of the corpus with one to four bytes or pieces of it changed. */
export const mutated = (chance: Chance): Payload => {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T
  const { name, text } = pick(payloads)
  // The head is where readers differ; of a long one the beginning is enough.
  let changed = text.slice(0, 2_000)
  for (let left = 1 + Math.floor(chance() * 4); left > 0; left -= 1) {
    const at = Math.floor(chance() * changed.length)
    const cut = Math.floor(chance() * 3)
    changed = changed.slice(0, at) + (chance() < 0.7 ? pick(splices) : '') + changed.slice(at + cut)
  }
  return { name: `${name}, changed`, text: changed }
}
