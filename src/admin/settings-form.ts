/** The file of the configuration, changed from afar: its settings as fields, what a change would make of the file, and the change. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { lineDiff } from '#base/line-diff.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Sentence } from '#base/sentence.ts'
import type { SettingChange } from '#base/setting-field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { details, table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

const field = z.object({
  path: z.string(),
  block: z.string(),
  kind: z.enum(['text', 'number', 'switch', 'choice', 'list']),
  unit: z.string().nullable().describe('Of text: duration, size, amount, percentage, url, reference …'),
  choices: z.array(z.string()),
  range: z.string().nullable(),
  fallback: z.string().nullable().describe('What holds where the file says nothing.'),
  value: z.string().nullable().describe('What the file says; a list has commas between.'),
  help: z.string(),
  required: z.boolean(),
  editable: z.boolean().describe('`false` = what leads to secrets and files is changed in the file alone.'),
})

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const read = async ({ ports }: OperationContext): Promise<{ readonly path: string; readonly text: string }> => {
  const file = await ports.settings.read()
  if (file !== null) return file
  throw new Problem('conflict', {
    ...saying('no_file'),
  })
}

const show = operation({
  noun: 'settings',
  verb: 'show',
  summary: 'The settings of drover.yaml that are changed from here, with what each is, may be, and is now.',
  method: 'GET',
  path: '/settings',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    file: z.string().describe('Where it lies, on this node.'),
    digest: z.string().describe('SHA-256 of what was read.'),
    blocks: z.array(z.object({ name: z.string(), help: z.string() })),
    fields: z.array(field),
  }),
  flags: [],
  render: ({ fields }) =>
    table(
      ['SETTING', 'VALUE', 'DEFAULT'],
      fields.map(({ path, value, fallback }) => [path, value, fallback]),
    ),
  run: async (_input, context) => {
    const { path, text } = await read(context)
    return {
      file: path,
      digest: digestOf(text),
      blocks: [...context.ports.settings.blocks()],
      fields: context.ports.settings.fields(text).map((one) => ({ ...one, choices: [...one.choices] })),
    }
  },
})

/** `server.port=4001`; nothing behind the sign: the file shall say nothing of it. */
const changeOf = (text: string): SettingChange => {
  const at = text.indexOf('=')
  return { path: text.slice(0, at), value: at === text.length - 1 ? null : text.slice(at + 1) }
}

const refused = (why: Sentence): Problem =>
  new Problem('invalid_request_error', { ...saying('file_stays', { why }), param: 'changes' })

const set = operation({
  noun: 'settings',
  verb: 'set',
  summary:
    'Change settings of drover.yaml. The file is read as a start would read it before it is written; a dry run shows the difference.',
  method: 'POST',
  path: '/settings',
  scope: 'secrets',
  input: z.strictObject({
    changes: z
      .array(
        z
          .string()
          .max(4_000)
          .regex(/^[^=]+=/, 'must be PATH=VALUE'),
      )
      .min(1)
      .max(200)
      .describe('`server.port=4001` …; `server.port=` takes it out of the file.'),
    digest: z
      .string()
      .length(64)
      .optional()
      .describe('Of the file as it was shown: refused where it has changed since.'),
    dry_run: z.boolean().default(false).describe('Show the difference, and write nothing.'),
  }),
  output: z.object({
    applied: z.boolean().describe('false = a dry run.'),
    file: z.string(),
    digest: z.string().describe('Of the file that is now, or would be.'),
    difference: z.array(z.object({ sign: z.enum([' ', '+', '-']), text: z.string() })),
    restart: z
      .array(z.string())
      .describe('Settings that differ from what runs and that only a restart brings into force.'),
  }),
  flags: [],
  render: ({ difference, restart, applied }) =>
    [
      ...difference.map(({ sign, text }) => `${sign} ${text}`),
      details({ written: applied ? 'yes' : 'no', restart_needed_for: restart.join(', ') || 'nothing' }),
    ].join('\n'),
  run: async (input, context) => {
    const { settings, store } = context.ports
    const { path, text } = await read(context)
    if (input.digest !== undefined && input.digest !== digestOf(text))
      throw new Problem('conflict', {
        ...saying('file_changed', { path }),
        param: 'digest',
      })
    const changes = input.changes.map(changeOf)
    const rewritten = settings.rewrite(text, changes)
    if (!rewritten.ok) throw refused(rewritten.why)
    const checked = await settings.check(rewritten.text)
    if (checked.faults !== null) throw refused(checked.faults)
    const difference = lineDiff(text, rewritten.text).map((line) => ({ ...line }))
    if (!input.dry_run && difference.length > 0) {
      const before = settings.fields(text)
      const was = (name: string) => before.find((one) => one.path === name)?.value ?? null
      const wanted = Object.fromEntries(changes.map((one) => [one.path, one.value]))
      const there = Object.fromEntries(changes.map((one) => [one.path, was(one.path)]))
      const note = (before: object, after: object): Promise<void> =>
        store.noteChange(trailRowOf({ operation: 'settings.set', object: path, before, after }, context))
      // Who changed it is known even where the machine stops between the two; where the file was not written, the trail says so.
      await note(there, wanted)
      try {
        await settings.write(rewritten.text, text)
      } catch (thrown) {
        await note(wanted, { ...there, not_written: asProblem(thrown).message })
        throw thrown
      }
    }
    return {
      applied: !input.dry_run,
      file: path,
      digest: digestOf(rewritten.text),
      difference,
      restart: [...checked.restart],
    }
  },
})

export const settingsOperations = [show, set] as const
