/** The two ways to an endpoint that is a function: within the process, and over a real socket. */

import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Ask, Exchange, Piece, Send } from '../../src/probe/exchange.ts'
import type { Answer, Asked, Body } from './ideal-model.ts'
import { goodKey, piecesOf } from './ideal-model.ts'

export type Endpoint = (asked: Asked) => Answer

function bodyOf(text: string): Body {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {}
  } catch {
    return {}
  }
}

const keys: Readonly<Record<string, string>> = { own: goodKey, wrong: 'sk-wrong', other: 'sk-other' }

const largeBytes = 1_000_000

function askedBy(ask: Ask): Asked {
  const sizeBytes = ask.raw?.bytes.length ?? 0
  // Ten megabytes of blanks are read once, over the socket; here their number is enough.
  const text =
    sizeBytes > largeBytes ? JSON.stringify(ask.body) : (ask.raw?.bytes.toString() ?? JSON.stringify(ask.body ?? {}))
  const key = keys[ask.key ?? 'own']
  const headers = {
    ...ask.headers,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    // What a socket would show in other ways.
    ...(ask.expectContinue === true ? { 'x-expect': 'yes' } : {}),
    ...(ask.over === undefined ? {} : { 'x-over': ask.over }),
    'x-target': ask.to ?? 'own',
    'x-size': String(sizeBytes),
  }
  return { method: ask.method, path: ask.path, headers, text, body: ask.body ?? bodyOf(text) }
}

const msPerPiece = 2

/** Sends to the function: bytes and times as a socket would have given them, without one. */
export function sendTo(endpoint: Endpoint): Send {
  return async (ask) => {
    const answer = endpoint(askedBy(ask))
    let atMs = 0
    const all: Piece[] = piecesOf(answer).map((bytes, place) => {
      atMs += answer.delaysMs?.[place] ?? msPerPiece
      return { atMs, bytes }
    })
    const pieces = all.slice(0, ask.leaveAfterPieces ?? all.length)
    const exchange: Exchange = {
      ask,
      url: `http://model.test/v1/${ask.path}`,
      requestHeaders: {},
      requestBytes: 0,
      status: answer.status,
      headers: answer.headers,
      pieces,
      body: Buffer.concat(pieces.map(({ bytes }) => bytes)),
      end: answer.cut === true ? 'cut' : pieces.length < all.length ? 'left' : 'complete',
      fault: null,
      headMs: 1,
      endMs: atMs,
      continued: true,
    }
    return exchange
  }
}

/** Serves the function on a loopback port. */
export async function serve(
  endpoint: Endpoint,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const headers = request.headers as Record<string, string>
      const path = (request.url ?? '').replace(/^\/v1\//, '')
      const answer = endpoint({ method: request.method ?? '', path, headers, text, body: bodyOf(text) })
      response.writeHead(answer.status, answer.headers)
      for (const piece of piecesOf(answer)) response.write(piece)
      if (answer.cut === true) response.destroy()
      else response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
