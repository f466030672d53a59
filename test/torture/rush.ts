/** Callers who cost next to nothing: requests that are written once, over plain sockets that stay open, at a pace or as fast as answers come. */

import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export type Rush = {
  readonly port: number
  /** Head and body as they go out. */
  readonly request: Buffer
  /** Requests under way at most; one that is due then is not made. */
  readonly atOnceMax: number
  /** `null` = each connection asks again as soon as it has its answer. */
  readonly perSecond: number | null
  readonly lengthMs: number
}

export type Answered = {
  readonly status: number
  readonly tookMs: number
  /** As the answer says; NaN = it does not. */
  readonly inServerMs: number
  readonly saysWhen: boolean
}

export type Rushed = {
  readonly answers: readonly Answered[]
  readonly elapsedMs: number
  /** Due while too many were under way. */
  readonly unmade: number
  /** Connections that broke before their answer was whole. */
  readonly broken: number
}

const headEnd = '\r\n\r\n'

/** The value of a header, by its name in small letters; `null` = it is not there. */
const headerOf = (head: string, name: string): string | null => {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`)
  if (at === -1) return null
  const from = at + name.length + 3
  const end = head.indexOf('\r\n', from)
  return head.slice(from, end === -1 ? head.length : end).trim()
}

/** One connection, with one request under way at most; opened anew where the other side closes it. */
class Caller {
  readonly #port: number
  readonly #request: Buffer
  #socket: Socket | null = null
  #came = ''
  #askedMs = 0
  #settle: ((answer: Answered | null) => void) | null = null

  constructor({ port, request }: Rush) {
    this.#port = port
    this.#request = request
  }

  /** `null` = the connection broke. */
  ask(): Promise<Answered | null> {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#askedMs = performance.now()
      this.#came = ''
      this.#socket ??= this.#open()
      this.#socket.write(this.#request)
    })
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#see(bytes.toString('latin1')))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.#end(null)
    })
    return socket
  }

  #see(text: string): void {
    this.#came += text
    const headLength = this.#came.indexOf(headEnd)
    if (headLength === -1) return
    const head = this.#came.slice(0, headLength)
    if (this.#came.length < headLength + headEnd.length + Number(headerOf(head, 'content-length') ?? 0)) return
    if (headerOf(head, 'connection') === 'close') {
      const socket = this.#socket
      this.#socket = null
      socket?.destroy()
    }
    this.#end({
      status: Number(head.slice(9, 12)),
      tookMs: performance.now() - this.#askedMs,
      inServerMs: Number(headerOf(head, 'x-drover-overhead-ms') ?? 'none'),
      saysWhen: headerOf(head, 'retry-after') !== null,
    })
  }

  #end(answer: Answered | null): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(answer)
  }
}

/** Resolves when all that was made is answered. */
export const rush = async (wanted: Rush): Promise<Rushed> => {
  const { atOnceMax, perSecond, lengthMs } = wanted
  const idle = Array.from({ length: atOnceMax }, () => new Caller(wanted))
  const all = [...idle]
  const answers: Answered[] = []
  const under = new Set<Promise<void>>()
  let [unmade, broken, made] = [0, 0, 0]
  const beganMs = performance.now()
  const isOver = (): boolean => performance.now() - beganMs >= lengthMs
  const ask = async (caller: Caller): Promise<void> => {
    const answer = await caller.ask()
    if (answer === null) broken += 1
    else answers.push(answer)
  }
  const begin = (caller: Caller): void => {
    const asking: Promise<void> = ask(caller).then(() => {
      under.delete(asking)
      if (perSecond === null && !isOver()) begin(caller)
      else idle.push(caller)
    })
    under.add(asking)
  }
  if (perSecond === null) for (const caller of idle.splice(0)) begin(caller)
  while (!isOver()) {
    await wait(2)
    if (perSecond === null) continue
    for (const due = ((performance.now() - beganMs) * perSecond) / 1000; made < due; made += 1) {
      const caller = idle.pop()
      if (caller === undefined) unmade += 1
      else begin(caller)
    }
  }
  const elapsedMs = performance.now() - beganMs
  while (under.size > 0) await Promise.all(under)
  for (const caller of all) caller.close()
  return { answers, elapsedMs, unmade, broken }
}
