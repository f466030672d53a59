/** `drover logs`: the newest calls, and with `--follow` the ones that come. */

import { setTimeout as wait } from 'node:timers/promises'
import type { CallView } from '#admin/call-view.ts'
import { callColumns } from '#admin/calls.ts'
import type { Operation } from '#admin/operation.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Client } from './remote-client.ts'
import type { Terminal } from './terminal.ts'

type Following = {
  readonly operation: Operation
  readonly input: Readonly<Record<string, unknown>>
  readonly client: Client
  readonly flags: { readonly json: boolean; readonly follow: boolean }
}

/** How often new calls are asked for. */
const followEveryMs = 500
const followLimit = 1000
/** What the operation takes where no limit is given. */
const limitDefault = 20
/** A search for calls that are not there ends somewhere. */
const pagesMax = 1000

type Form = { readonly json: boolean; readonly headed: boolean }

const print = (calls: readonly CallView[], { json, headed }: Form, terminal: Terminal): void => {
  if (json) for (const call of calls) terminal.json(call)
  else if (headed || calls.length > 0) terminal.data(callColumns(calls, headed))
}

const pause = async (signal: AbortSignal): Promise<void> => {
  try {
    await wait(followEveryMs, undefined, { signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

type Page = { readonly data: readonly CallView[]; readonly next: string | null }

/** Where few calls match, a page may end before it is full: what precedes it is asked for as well. */
const readNewest = async (
  page: (more: Readonly<Record<string, unknown>>) => Promise<Page>,
  limit: number,
): Promise<readonly CallView[]> => {
  let { data, next } = await page({})
  for (let pages = 1; next !== null && data.length < limit && pages < pagesMax; pages += 1) {
    const older = await page({ before: next, limit: limit - data.length })
    data = [...older.data, ...data]
    next = older.next
  }
  return data
}

/** Prints the newest calls, then, when following, the later ones until the signal. */
export const followLog = async (
  { operation, input, client, flags }: Following,
  { ports, terminal }: { readonly ports: Pick<CommandLinePorts, 'signal'>; readonly terminal: Terminal },
): Promise<void> => {
  const page = async (more: Readonly<Record<string, unknown>>): Promise<Page> =>
    (await client.run(operation, { ...input, ...more })) as Page
  const read = async (more: Readonly<Record<string, unknown>>): Promise<readonly CallView[]> => (await page(more)).data
  const newest = await readNewest(page, Number(input['limit'] ?? limitDefault))
  print(newest, { json: flags.json, headed: true }, terminal)
  let last = newest.at(-1)?.id
  while (flags.follow && !ports.signal.aborted) {
    const calls = await read({ limit: followLimit, ...(last === undefined ? {} : { after: last }) })
    print(calls, { json: flags.json, headed: false }, terminal)
    last = calls.at(-1)?.id ?? last
    if (calls.length < followLimit) await pause(ports.signal)
  }
}
