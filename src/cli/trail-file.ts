/** `drover trail verify --file FILE`: the chain of an export, checked without the server that it came from. */

import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { Operation } from '#admin/operation.ts'
import { lineFault, linkIn } from '#admin/trail-line.ts'
import type { TrailPlace } from '#base/trail-chain.ts'
import { trailFault } from '#base/trail-chain.ts'
import { Failure } from './failure.ts'
import type { Shell } from './shell.ts'

export const checksTrail = ({ noun, verb }: Operation): boolean => noun === 'trail' && verb === 'verify'

export const addTrailFile = (command: Command): Command =>
  command.option(
    '--file <export>',
    "Check what 'drover trail export' wrote (jsonl or syslog) instead, without a server.",
  )

type Verdict = {
  readonly ok: boolean
  /** Rows that fit. */
  readonly rows: number
  readonly from: TrailPlace | null
  readonly last: TrailPlace | null
  readonly why: string | null
}

const check = async (path: string): Promise<Verdict> => {
  let from: TrailPlace | null = null
  let last: TrailPlace | null = null
  let rows = 0
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const line of lines) {
    if (line.trim() === '') continue
    const link = linkIn(line)
    if (link === null)
      return { ok: false, rows, from, last, why: 'a line holds no row that can be checked (of cef none can)' }
    // The first row says what it continues: whoever has the export before this one can hold it against that.
    from ??= { position: link.position - 1, hash: link.previousHash }
    const why = trailFault(link, last ?? from) ?? lineFault(line, link)
    if (why !== null) return { ok: false, rows, from, last, why: `row ${link.position}: ${why}` }
    last = { position: link.position, hash: link.hash }
    rows += 1
  }
  return { ok: true, rows, from, last, why: null }
}

const text = ({ ok, rows, from, last, why }: Verdict): string => {
  if (!ok) return `NOT PROVEN: ${rows} rows fit, then ${why}\n`
  if (from === null || last === null) return 'proven: no rows\n'
  const start = from.position === 0 ? 'from the beginning' : `continuing row ${from.position} (${from.hash})`
  return `proven: ${rows} rows, ${start}, up to row ${last.position} (${last.hash})\n`
}

/** @throws Failure where the file cannot be read, and where its chain is broken. */
export const verifyTrailFile = async (
  file: string,
  flags: { readonly json?: boolean },
  { ports, terminal }: Shell,
): Promise<void> => {
  let verdict: Verdict
  try {
    verdict = await check(resolve(ports.workingFolder, file))
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code ?? 'unknown'
    throw new Failure({ what: `${file} cannot be read.`, why, next: 'Check the name.', code: 'unreadable' }, 1, thrown)
  }
  if (flags.json === true) terminal.json(verdict)
  else terminal.data(text(verdict))
  if (!verdict.ok)
    throw new Failure({ what: 'The export is not what was written.', why: verdict.why, next: null, code: 'failed' })
}
