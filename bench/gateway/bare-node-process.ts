/** A proxy of node:http and undici's dispatcher, and nothing else: what Node itself costs. Prints its port. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const connectionsMax = 4096
const provider = new Pool(process.argv[2] ?? '', {
  connections: connectionsMax,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
})

const server = createServer({ noDelay: true, keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
    provider.dispatch(
      { path: request.url ?? '/', method: 'POST', headers, body },
      {
        onRequestStart: (controller) => response.once('close', () => controller.abort(new Error('the caller left'))),
        onResponseStart: (_controller, status, answered) => {
          const kept: Record<string, string> = {}
          for (const name of ['content-type', 'content-length']) {
            const value = answered[name]
            if (value !== undefined) kept[name] = String(value)
          }
          response.writeHead(status, kept)
        },
        onResponseData: (_controller, chunk) => void response.write(chunk),
        onResponseEnd: () => void response.end(),
        onResponseError: () => response.destroy(),
      },
    )
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
