/** What the fake processors share: a handler of requests, reached in the process or over a socket; amounts in hundredths. */

import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Problem } from '#base/problem.ts'
import type { Transport } from '#http/transport.ts'

export type FakeRequest = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type FakeReply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Buffer
}
export type FakeHandler = (request: FakeRequest) => FakeReply

/** The way to a fake without any socket. `fail` is asked before and after each call; what it throws is what the network did. */
export const transportTo = (
  handler: FakeHandler,
  fail: (when: 'before' | 'after', path: string) => void = () => {},
): Transport => ({
  send: async ({ method, url: address, headers, body, signal }) => {
    const url = new URL(address)
    signal.throwIfAborted()
    fail('before', url.pathname)
    const bytes = body.kind === 'bytes' ? Buffer.from(body.bytes) : Buffer.alloc(0)
    const reply = handler({ method, url, headers, body: bytes.toString('utf8') })
    fail('after', url.pathname)
    const chunks = [Buffer.from(reply.body)]
    return {
      status: reply.status,
      headers: reply.headers ?? {},
      body: (async function* () {
        yield* chunks
      })(),
      abort: () => {},
    }
  },
  close: async () => {},
})

/** What the network says when nobody is there. */
export const networkAway = (): Problem => new Problem('upstream_error', { message: 'the connection was reset' })

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** The same fake on a port of this machine. */
export async function serveProcessor(
  handler: FakeHandler,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  let base = 'http://127.0.0.1'
  const server = createServer((request, response) => {
    textOf(request).then(
      (body) => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        )
        const reply = handler({
          method: request.method ?? 'GET',
          url: new URL(request.url ?? '/', base),
          headers,
          body,
        })
        response.writeHead(reply.status, reply.headers ?? {}).end(reply.body)
      },
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: base,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** How a payer, or a thief, pays: what differs from what was asked. */
export type Paying = {
  readonly amountMinor?: number
  readonly currency?: string
  readonly app?: string
  readonly seller?: string
  readonly transaction?: string
  /** The order that the processor says was paid. */
  readonly order?: string
}
