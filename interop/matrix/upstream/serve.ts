/** Four providers on loopback, one for each format, that answer by the scenario in the name of the model, and break where it says so. */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer, Heard } from '../script.ts'
import { answerTo, prompt, scenarioOf } from '../script.ts'
import { chat } from './chat.ts'
import { google } from './google.ts'
import { messages } from './messages.ts'
import { responses } from './responses.ts'
import type { Tongue } from './tongue.ts'

export const tongues: readonly Tongue[] = [chat, responses, messages, google]

/** What a model was asked. */
export type Arrivals = {
  readonly count: () => number
  /** Resolves when a call of it was left before its answer was complete. */
  readonly left: Promise<void>
}

export type Providers = {
  /** Without a path. */
  readonly url: string
  /** The model as the provider knows it. */
  readonly arrivals: (tongue: Tongue['name'], model: string) => Arrivals
  readonly close: () => Promise<void>
}

type Exchange = {
  readonly tongue: Tongue
  readonly model: string
  readonly answer: Answer
  readonly stream: boolean
  readonly response: ServerResponse
}

type Tally = { count: number; readonly left: PromiseWithResolvers<void> }

const requestBytesMax = 4 * 1024 * 1024
/** A call that nobody leaves ends by itself. */
const hangTimeoutMs = 20_000

const readJson = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length
    if (sizeBytes > requestBytesMax) throw new Error('a client sends more than the fake takes')
    chunks.push(chunk as Buffer)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>
}

/** In how many places the stream of an answer in text can be cut between two events before it is complete. */
export const cutsOf = (name: Tongue['name']): number => {
  const tongue = tongues.find((one) => one.name === name)
  const answer = answerTo('text', { asked: prompt } as Heard) as Answer
  return tongue === undefined ? 0 : tongue.events(answer, 'm').length - tongue.endEvents
}

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const write = (response: ServerResponse, bytes: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    response.write(bytes, (fault) => (fault ? reject(fault) : resolve()))
  })

const writeAll = async (response: ServerResponse, pieces: readonly (string | Uint8Array)[]): Promise<void> => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const piece of pieces) await write(response, piece)
}

/** The bytes up to the middle of a letter of three bytes. */
const upToHalfALetter = (events: readonly string[]): Buffer => {
  const all = Buffer.from(events.join(''))
  return all.subarray(0, all.indexOf('界') + 1)
}

const brokenStream = async ({ tongue, model, answer, response }: Exchange, how: string): Promise<void> => {
  const events = tongue.events(answer, model)
  const middle = events.findIndex((event) => event.includes('世')) + 1
  if (how === 'error') {
    await writeAll(response, [...events.slice(0, middle), tongue.failureEvent])
    response.end()
    return
  }
  if (how === 'noend') {
    await writeAll(response, events.slice(0, -tongue.endEvents))
    response.end()
    return
  }
  const count = Number(/^cut(\d+)$/.exec(how)?.[1] ?? middle)
  await writeAll(response, how === 'utf8' ? [upToHalfALetter(events)] : events.slice(0, count))
  response.socket?.destroy()
}

const brokenWhole = ({ tongue, model, answer, response }: Exchange): void => {
  const text = JSON.stringify(tongue.whole(answer, model))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(text.slice(0, Math.floor(text.length / 2)))
}

/** Half of the answer, and then nothing until somebody goes. */
const hang = async ({ tongue, model, answer, response }: Exchange): Promise<void> => {
  const events = tongue.events(answer, model)
  await writeAll(response, events.slice(0, events.findIndex((event) => event.includes('世')) + 1))
  const timer = setTimeout(() => response.destroy(), hangTimeoutMs)
  await once(response, 'close')
  clearTimeout(timer)
}

const play = async (exchange: Exchange, scenario: string): Promise<void> => {
  const { tongue, model, answer, stream, response } = exchange
  const [, status] = /^refuse(\d{3})$/.exec(scenario) ?? []
  if (status !== undefined)
    return sendJson(response, Number(status), tongue.failure(Number(status), 'As the script says.'))
  if (scenario === 'error200') return sendJson(response, 200, tongue.failure(500, 'As the script says.'))
  if (scenario === 'hang') return hang(exchange)
  if (/^(cut\d*|utf8|error|noend)$/.test(scenario)) return brokenStream(exchange, scenario)
  if (scenario === 'half') return brokenWhole(exchange)
  if (!stream) return sendJson(response, 200, tongue.whole(answer, model))
  await writeAll(response, tongue.events(answer, model))
  response.end()
}

/** Starts them on a free port. */
export const startProviders = async (): Promise<Providers> => {
  const tallies = new Map<string, Tally>()
  const tallyOf = (name: string, model: string): Tally => {
    const key = `${name} ${model}`
    const tally = tallies.get(key) ?? { count: 0, left: Promise.withResolvers<void>() }
    tallies.set(key, tally)
    return tally
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? ''
    const body = await readJson(request)
    const tongue = tongues.find(({ name }) => path.startsWith(`/${name}/`))
    const model = /\/models\/([^:]+):/.exec(path)?.[1] ?? String(body['model'])
    if (tongue === undefined) return sendJson(response, 404, { error: { message: `no provider at ${path}` } })
    const heard: Heard = { cell: `${tongue.name} ${model}`, ...tongue.hear(body, path) }
    const scenario = scenarioOf(model)
    const tally = tallyOf(tongue.name, model)
    tally.count += 1
    response.once('close', () => {
      if (!response.writableFinished) tally.left.resolve()
    })
    const answer = answerTo(scenario, heard)
    if ('complaint' in answer) return sendJson(response, 400, tongue.failure(400, `The fake: ${answer.complaint}`))
    await play({ tongue, model, answer, stream: heard.stream, response }, scenario)
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    response.on('error', () => response.destroy())
    serve(request, response).catch((fault: unknown) => response.destroy(fault instanceof Error ? fault : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals: (name, model) => {
      const tally = tallyOf(name, model)
      return { count: () => tally.count, left: tally.left.promise }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
