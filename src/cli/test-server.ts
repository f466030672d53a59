/** The admin API on a loopback port, for the tests of commands that ask a server. */

import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdminApi, localActor } from '#admin/api.ts'
import { operations } from '#admin/operations.ts'
import type { testContext } from '#admin/test-store.ts'
import { Problem } from '#base/problem.ts'

const parametersOf = (pattern: string, path: string): Readonly<Record<string, string>> | null => {
  const form = pattern.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)').replace(/\{(\w+)\+\}/g, '(?<$1>.+)')
  const match = new RegExp(`^${form}$`).exec(path)
  if (match === null) return null
  const entries = Object.entries(match.groups ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, decodeURIComponent(value)]))
}

/** Listens on any free port. `credential` is the only one that is let in. */
export const startTestServer = async ({ ports, clock, ids }: ReturnType<typeof testContext>, credential: string) => {
  const seen: string[] = []
  const api = createAdminApi({ operations, ports, clock, ids, version: '0', failed: () => {} })
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://local')
    seen.push(`${request.method} ${request.url}`)
    if (url.pathname === '/health/liveness') {
      response.end('ok')
      return
    }
    const found = api.endpoints
      .filter((endpoint) => endpoint.method === request.method)
      .map((endpoint) => ({ endpoint, parameters: parametersOf(endpoint.path, url.pathname) }))
      .find(({ parameters }) => parameters !== null)
    const isLetIn = request.headers.authorization === `Bearer ${credential}`
    const body =
      chunks.length === 0
        ? ({ kind: 'none' } as const)
        : ({ kind: 'bytes', bytes: Buffer.concat(chunks), contentType: request.headers['content-type'] ?? '' } as const)
    if (found === undefined) {
      response.writeHead(404).end('<html>')
      return
    }
    const answer = await api.answer({
      endpoint: found.endpoint.value,
      parameters: found.parameters ?? {},
      inbound: { id: 'call_1', origin: '', query: url.searchParams, body },
      actor: isLetIn ? localActor : new Problem('invalid_api_key', { message: 'Incorrect API key provided.' }),
    })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }
  const server = createServer((request, response) => void respond(request, response))
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const close = async (): Promise<void> => {
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    server.closeAllConnections()
    await closed.promise
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, close }
}
