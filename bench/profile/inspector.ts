/** V8's inspector of a process that was started with `--inspect`: profiles that begin once it is warm, of its main thread or of one of its others. */

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

const findWithinMs = 10_000
const askEveryMs = 100

/** Asks one thread of the process by the names of the protocol. */
export type Inspector = {
  readonly ask: (method: string, parameters?: Readonly<Record<string, unknown>>) => Promise<Record<string, unknown>>
  readonly close: () => void
}

type Answer = {
  readonly id?: number
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

const addressAt = async (port: number): Promise<string> => {
  const untilMs = performance.now() + findWithinMs
  while (true)
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`)
      const [first] = (await answer.json()) as readonly { readonly webSocketDebuggerUrl: string }[]
      if (first !== undefined) return first.webSocketDebuggerUrl
    } catch (fault) {
      if (performance.now() > untilMs) throw fault
      await wait(askEveryMs)
    }
}

/** Questions by their numbers, over whatever carries them. */
const questions = (send: (text: string) => void) => {
  const open = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  let last = 0
  return {
    ask: (method: string, params: Readonly<Record<string, unknown>> = {}) => {
      last += 1
      const question = Promise.withResolvers<Record<string, unknown>>()
      open.set(last, question)
      send(JSON.stringify({ id: last, method, params }))
      return question.promise
    },
    hear: ({ id = 0, result = {}, error }: Answer) => {
      if (error === undefined) open.get(id)?.resolve(result)
      else open.get(id)?.reject(new Error(error.message))
      open.delete(id)
    },
  }
}

/** Connects to the main thread, or to the worker of this title. */
export async function inspect(port: number, worker: string | null): Promise<Inspector> {
  const socket = new WebSocket(await addressAt(port))
  await once(socket, 'open')
  const main = questions((text) => socket.send(text))
  const found = Promise.withResolvers<string>()
  const inside = questions((message) => {
    found.promise.then((sessionId) => main.ask('NodeWorker.sendMessageToWorker', { sessionId, message }))
  })
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    const { method, params = {} } = answer
    if (method === undefined) main.hear(answer)
    else if (method === 'NodeWorker.attachedToWorker') {
      const { title = '' } = params['workerInfo'] as { readonly title?: string }
      if (worker !== null && title.includes(worker)) found.resolve(String(params['sessionId']))
    } else if (method === 'NodeWorker.receivedMessageFromWorker')
      inside.hear(JSON.parse(String(params['message'])) as Answer)
  })
  const close = (): void => socket.close()
  if (worker === null) return { ask: main.ask, close }
  await main.ask('NodeWorker.enable', { waitForDebuggerOnStart: false })
  return { ask: inside.ask, close }
}
