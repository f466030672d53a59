/** Usage exports that a command is given as files, and Drover's own books as one. */

import { stat } from 'node:fs/promises'
import { callOperations } from '#admin/calls.ts'
import type { Json } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { UsageExport } from '#report/usage-export/read.ts'
import { readUsageExport } from '#report/usage-export/read.ts'
import type { ConnectionFlags } from './connection.ts'
import { connect } from './connection.ts'
import { Failure } from './failure.ts'
import { readTextFile } from './file.ts'
import type { CommandLinePorts } from './ports.ts'

/** A text has an end in this process: larger exports are to be split, by day. */
const fileBytesMax = 500 * 1024 * 1024

const tooLarge = (name: string): Failure =>
  new Failure({
    what: `${name} is larger than 500 MiB.`,
    why: null,
    next: 'Export fewer days, or give it in parts: --usage takes several files.',
    code: 'too_large',
  })

/** For `--usage`, which may be repeated. */
export const collected = (file: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  file,
]

export const usageHelp =
  'A usage export: OpenAI, Anthropic, OpenRouter, LiteLLM, Langfuse, Helicone, OpenTelemetry, drover logs --json, or a manifest with usage. May be repeated.'

/** Reads each file as the export that it is. @throws Failure, or Problem where a file is none */
export const readUsageFiles = async (
  files: readonly { readonly name: string; readonly path: string }[],
): Promise<readonly UsageExport[]> => {
  const found: UsageExport[] = []
  for (const { name, path } of files) {
    const text = await readTextFile(path)
    if ((await stat(path)).size > fileBytesMax) throw tooLarge(name)
    found.push(readUsageExport(text, name))
  }
  return found
}

const pageCalls = 1_000
const pagesMax = 10_000

/** Drover's records since a time, of the server that runs, or of the store where none does. The log is read backwards, in pages. */
export const readBooks = async (
  sinceMs: number,
  flags: ConnectionFlags,
  ports: CommandLinePorts,
): Promise<UsageExport> => {
  const list = callOperations.find(({ noun, verb }) => noun === 'logs' && verb === 'list')
  if (list === undefined) throw new TypeError('there is no operation that lists calls')
  const client = await connect(flags, ports)
  const data: Json[] = []
  try {
    let before: string | null = null
    for (let page = 0; page < pagesMax; page += 1) {
      const input = { limit: pageCalls, ...(before === null ? {} : { before }) }
      const output: unknown = await client.run(list as never, input)
      const rows = isObject(output) && Array.isArray(output['data']) ? (output['data'] as readonly Json[]) : []
      data.push(...rows)
      const [oldest] = rows
      before = isObject(output) && typeof output['next'] === 'string' ? output['next'] : null
      if (before === null || !isObject(oldest) || Date.parse(String(oldest['time'])) < sinceMs) break
    }
  } finally {
    await client.close()
  }
  return data.length === 0
    ? { title: "Drover's records", rows: [], spans: [], incomplete: false }
    : readUsageExport(JSON.stringify({ data }), "Drover's records")
}
