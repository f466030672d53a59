/** The clients for Python: a process for each package, to which wishes are sent as lines of JSON. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cleanEnvironment } from '../../test/e2e/harness.ts'
import { python } from '../stage.ts'
import { openaiKinds } from './client/openai-chat.ts'
import type { Driver, Fault, OpenOptions, Session, Told, Wish } from './driver.ts'
import { faultBy } from './driver.ts'
import { png, weatherOf, weatherTool } from './script.ts'

type Worker = {
  readonly ask: (message: object) => Promise<unknown>
  readonly close: () => Promise<void>
}

type Answer = { readonly id: number; readonly value?: unknown; readonly fault?: Fault }

/** What a client raised on the other side. */
class RemoteFault extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

const folder = join(import.meta.dirname, '..', 'python', 'matrix')

const startWorker = (module: string): Worker => {
  const child = spawn(python, ['-B', join(folder, 'worker.py'), module], {
    env: cleanEnvironment({ PYTHONUNBUFFERED: '1' }),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let stderr = ''
  let count = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-4_000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, value, fault } = JSON.parse(line) as Answer
    const pending = waiting.get(id)
    waiting.delete(id)
    if (fault === undefined) pending?.resolve(value)
    else pending?.reject(new RemoteFault(fault))
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      for (const pending of waiting.values()) pending.reject(new Error(`${module} ended with ${code}:\n${stderr}`))
      waiting.clear()
      resolve()
    })
  })
  child.stdin.write(`${JSON.stringify({ png, weatherOf, weatherTool })}\n`)
  return {
    ask: (message) => {
      count += 1
      const pending = Promise.withResolvers<unknown>()
      waiting.set(count, pending)
      child.stdin.write(`${JSON.stringify({ id: count, ...message })}\n`)
      return pending.promise
    },
    close: () => {
      child.stdin.end()
      return ended
    },
  }
}

type Sent = Omit<Told, 'next'> & { readonly next?: number }

const toldOf = (worker: Worker, { next: turn, ...told }: Sent): Told =>
  turn === undefined
    ? told
    : {
        ...told,
        next: async (results) => toldOf(worker, (await worker.ask({ op: 'next', turn, results })) as Sent),
      }

/** A wish as JSON: who leaves says so beforehand. */
const sent = ({ signal, onPiece: _told, ...wish }: Wish): object => ({ ...wish, leave: signal !== undefined })

const sessionOf = (worker: Worker, client: string, options: OpenOptions): Session => ({
  ask: async (wish) => toldOf(worker, (await worker.ask({ op: 'ask', client, options, wish: sent(wish) })) as Sent),
  runTools: async (wish) =>
    (await worker.ask({ op: 'run_tools', client, options, wish: sent(wish) })) as {
      text: string
      cities: readonly string[]
    },
})

type Own = Omit<Driver, 'open' | 'faultOf' | 'retries'> & { readonly module: string; readonly client: string }

const noRunner = {
  'tool runner': 'the SDK has none',
  'stop reason': 'its stream helper raises where an answer ended for its length',
}

const clients: readonly Own[] = [
  {
    ...{ name: 'py-openai-chat', title: '`openai` for Python, chat', front: 'chat' },
    ...{ module: 'openai_client', client: 'chat', kinds: { ...openaiKinds, 402: 'APIStatusError' } },
    words: { stop: 'stop', length: 'length' },
    lacks: noRunner,
  },
  {
    ...{ name: 'py-openai-responses', title: '`openai` for Python, responses', front: 'responses' },
    ...{ module: 'openai_client', client: 'responses', kinds: { ...openaiKinds, 402: 'APIStatusError' } },
    words: { stop: 'completed', length: 'max_output_tokens' },
    lacks: noRunner,
  },
  {
    ...{ name: 'py-anthropic', title: '`anthropic` for Python', front: 'messages' },
    ...{ module: 'anthropic_client', client: 'messages' },
    kinds: { ...openaiKinds, 402: 'PaymentRequiredError', 503: 'ServiceUnavailableError' },
    words: { stop: 'end_turn', length: 'max_tokens' },
    lacks: {},
  },
  {
    ...{ name: 'py-genai', title: '`google-genai` for Python', front: 'google' },
    ...{ module: 'genai_client', client: 'gemini' },
    kinds: {
      400: 'ClientError',
      401: 'ClientError',
      402: 'ClientError',
      404: 'ClientError',
      429: 'ClientError',
      0: 'ServerError',
    },
    words: { stop: 'STOP', length: 'MAX_TOKENS' },
    lacks: {},
  },
]

/** What the table says of them. */
export const pythonClients: readonly Omit<Driver, 'open' | 'faultOf' | 'retries'>[] = clients

/** Starts a process for each package when it is first asked. */
export const pythonDrivers = (): { readonly drivers: readonly Driver[]; readonly close: () => Promise<void> } => {
  const workers = new Map<string, Worker>()
  const workerOf = (module: string): Worker => {
    const known = workers.get(module)
    if (known !== undefined) return known
    const worker = startWorker(module)
    workers.set(module, worker)
    return worker
  }
  return {
    drivers: clients.map(({ module, client, ...own }) => ({
      ...own,
      retries: true,
      open: (options) => sessionOf(workerOf(module), client, options),
      faultOf: (thrown) => (thrown instanceof RemoteFault ? thrown.fault : faultBy(thrown, () => null)),
    })),
    close: async () => {
      await Promise.all([...workers.values()].map((worker) => worker.close()))
    },
  }
}
