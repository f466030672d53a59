/**
 * A chat endpoint over llama.cpp (node-llama-cpp), with what llama.cpp itself does: tokens, sampling, stops, limits. What the tiny
 * model cannot do (tools, structured answers, images) is refused by name.
 */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LlamaContextSequence, LlamaModel } from 'node-llama-cpp'
import { getLlama, LlamaCompletion } from 'node-llama-cpp'

type Body = Record<string, unknown>

const contextTokens = 4_096
const sequences = 4
const refused = ['tools', 'functions', 'response_format', 'logprobs', 'logit_bias', 'reasoning_effort', 'thinking']

class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const contentText = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part: Body) => {
      if (part['type'] !== 'text') throw new Refusal(400, `content: ${String(part['type'])} is not supported`)
      return String(part['text'])
    })
    .join(' ')
}

function promptOf(body: Body, model: string): string {
  if (body['model'] !== model) throw new Refusal(404, `model '${String(body['model'])}' not found`)
  if (!Array.isArray(body['messages'])) throw new Refusal(400, 'messages must be a list')
  const field = refused.find((name) => body[name] !== undefined && body[name] !== null)
  if (field !== undefined) throw new Refusal(400, `${field} is not supported by this model`)
  if (typeof body['n'] === 'number' && body['n'] > 1) throw new Refusal(400, 'n must be 1')
  return body['messages'].map((message: Body) => contentText(message['content'])).join('\n')
}

function bodyOf(text: string): Body {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Body
  } catch (thrown) {
    throw new Refusal(400, `the body is no JSON: ${(thrown as Error).message}`)
  }
  throw new Refusal(400, 'the body is no JSON object')
}

const stopsOf = (stop: unknown): string[] =>
  Array.isArray(stop) ? stop.map(String) : typeof stop === 'string' ? [stop] : []

const send = (response: ServerResponse, status: number, body: Body): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** One answer for each sequence of the context; others wait. */
function openTurns(all: readonly LlamaContextSequence[]) {
  const free = [...all]
  const waiting: ((sequence: LlamaContextSequence) => void)[] = []
  return async (work: (sequence: LlamaContextSequence) => Promise<void>): Promise<void> => {
    const sequence = free.pop() ?? (await new Promise<LlamaContextSequence>((resolve) => waiting.push(resolve)))
    try {
      await work(sequence)
    } finally {
      const next = waiting.shift()
      if (next === undefined) free.push(sequence)
      else next(sequence)
    }
  }
}

type Engine = { readonly model: LlamaModel; readonly sequence: LlamaContextSequence }

const chunkOf = (envelope: Body, delta: Body, finish: string | null): string => {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ ...envelope, object: 'chat.completion.chunk', choices })}\n\n`
}

async function complete(response: ServerResponse, body: Body, { model, sequence }: Engine): Promise<void> {
  const tokens = model.tokenize(promptOf(body, 'tiny'))
  if (tokens.length >= contextTokens - 16)
    throw new Refusal(
      400,
      `the prompt of ${tokens.length} tokens is longer than the context of ${contextTokens} tokens`,
    )
  const isStream = body['stream'] === true
  const leaving = new AbortController()
  response.once('close', () => leaving.abort())
  const completion = new LlamaCompletion({ contextSequence: sequence })
  const envelope = { id: `chatcmpl-${tokens.length}`, created: 1_795_000_000, model: 'tiny' }
  const chunk = (delta: Body, finish: string | null): boolean => response.write(chunkOf(envelope, delta, finish))
  try {
    if (isStream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      chunk({ role: 'assistant', content: '' }, null)
    }
    const { response: content, metadata } = await completion.generateCompletionWithMeta(tokens, {
      maxTokens: Number(body['max_completion_tokens'] ?? body['max_tokens'] ?? 64),
      temperature: Number(body['temperature'] ?? 0),
      customStopTriggers: stopsOf(body['stop']),
      signal: leaving.signal,
      ...(isStream ? { onTextChunk: (piece: string) => void chunk({ content: piece }, null) } : {}),
    })
    const finish = metadata.stopReason === 'maxTokens' ? 'length' : 'stop'
    const spoken = model.tokenize(content).length
    const usage = { prompt_tokens: tokens.length, completion_tokens: spoken, total_tokens: tokens.length + spoken }
    if (!isStream) {
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }]
      send(response, 200, { ...envelope, object: 'chat.completion', choices, usage })
      return
    }
    chunk({}, finish)
    const wants = (body['stream_options'] as Body | undefined)?.['include_usage'] === true
    const told = { ...envelope, object: 'chat.completion.chunk', choices: [], usage }
    response.end(`${wants ? `data: ${JSON.stringify(told)}\n\n` : ''}data: [DONE]\n\n`)
  } finally {
    completion.dispose({ disposeSequence: false })
    await sequence.clearHistory()
  }
}

const fail = (response: ServerResponse, thrown: unknown): void => {
  const status = thrown instanceof Refusal ? thrown.status : 500
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  if (response.headersSent) response.destroy()
  else send(response, status, { error: { message, type, code: null } })
}

/** Serves the model in this file under the name `tiny`. */
export async function serveModel(
  modelPath: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1 })
  const model = await llama.loadModel({ modelPath })
  const context = await model.createContext({ contextSize: contextTokens, sequences })
  const inTurn = openTurns(Array.from({ length: sequences }, () => context.getSequence()))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/v1/models') {
      send(response, 200, { object: 'list', data: [{ id: 'tiny', object: 'model', max_model_len: contextTokens }] })
      return
    }
    if (request.url !== '/v1/chat/completions') throw new Refusal(404, 'there is nothing here')
    const body = bodyOf(await readText(request))
    await inTurn((sequence) => complete(response, body, { model, sequence }))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((thrown: unknown) => fail(response, thrown))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await llama.dispose()
    },
  }
}
