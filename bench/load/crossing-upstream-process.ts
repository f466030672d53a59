/**
 * A provider that speaks four formats, each at its own path, for calls that are translated: the same answer in all of them, whole, or as a
 * stream of which one event is sent each few milliseconds (the first argument). Prints its port.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { samples } from '../translate/sample.ts'

const paceMs = Number(process.argv[2])
const byPath = [
  ['/chat/completions', 'openai-chat'],
  ['/responses', 'openai-responses'],
  ['/messages', 'anthropic-messages'],
  ['enerateContent', 'gemini'],
] as const

const sampleFor = (path: string) => {
  const protocol = byPath.find(([part]) => path.includes(part))?.[1]
  return samples.find((sample) => sample.protocol === protocol)
}

const server = createServer({ noDelay: true, keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const path = request.url ?? ''
    const sample = sampleFor(path)
    if (sample === undefined) return void response.writeHead(404).end()
    const isStream = path.includes('stream') || /"stream":\s*true/.test(Buffer.concat(chunks).toString('latin1'))
    if (!isStream) {
      const headers = { 'content-type': 'application/json', 'content-length': sample.document.length }
      return void response.writeHead(200, headers).end(sample.document)
    }
    response.writeHead(200, { 'content-type': sample.contentType, 'cache-control': 'no-cache' })
    let sent = 0
    const beat = setInterval(() => {
      response.write(sample.chunks[sent])
      sent += 1
      if (sent < sample.chunks.length) return
      clearInterval(beat)
      response.end()
    }, paceMs)
    response.once('close', () => clearInterval(beat))
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
