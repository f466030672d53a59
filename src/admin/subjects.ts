/** What is kept of a person or of a customer: given to them, and taken away. Books, documents and the trail stay, as the law asks. */

import { z } from 'zod'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { SubjectFile } from './erasure-store.ts'
import { handleField } from './field.ts'
import { checkRank } from './members.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { signupMailOf } from './signups.ts'
import { trailRowOf } from './trail-row.ts'

/** A log of millions of calls is gone through in stretches. */
const eraseMsMax = 600_000

const fileView = z.object({
  subject: z.string(),
  file: z.record(z.string(), z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])))),
})

const mutable = (file: SubjectFile): z.input<typeof fileView>['file'] =>
  Object.fromEntries(Object.entries(file).map(([name, rows]) => [name, rows.map((row) => ({ ...row }))]))

const shown = (output: z.output<typeof fileView>): string => `${JSON.stringify(output, null, 2)}\n`

/** @throws Problem `not_found`. Somebody who has closed is found by their id alone. */
const personIn = async (handle: string, { ports }: OperationContext) => {
  const row = await ports.identity.store.person(handle)
  const id = row?.id ?? handle
  const file = await ports.erasure.personFile(id)
  if (file !== null) return { id, mail: row?.mail ?? null, file }
  throw new Problem('not_found', { ...saying('nobody_here', { handle }), param: 'person' })
}

const organisationIn = async (id: string, { ports }: OperationContext) => {
  const row = await ports.identity.store.organisation(id)
  const file = row === null ? null : await ports.erasure.organisationFile(row.id)
  if (row !== null && file !== null) return { row, file }
  throw new Problem('not_found', {
    ...saying('no_organisation', { id }),
    param: 'organisation',
  })
}

/** What is kept of a person is for those who answer for it. */
const checkReader = ({ actor }: OperationContext): void => {
  const role = actor.role ?? 'owner'
  if (role === 'owner' || role === 'admin' || role === 'auditor') return
  throw new Problem('permission_denied', {
    ...saying('role_reads_subject', { role }),
  })
}

const confirmed = (given: string, wanted: readonly string[]): void => {
  if (wanted.includes(given)) return
  throw new Problem('invalid_request_error', {
    message: `This cannot be undone. Confirm it with ${wanted.map((one) => `'${one}'`).join(' or ')}.`,
    param: 'confirm',
  })
}

/** But for owners, nobody erases their equals or who stands above them. @throws Problem `permission_denied`. */
const checkErasable = async (person: string, context: OperationContext): Promise<void> => {
  if (context.actor.role === 'owner') return
  const { customers, identity } = context.ports
  for (const { organisation, member, role } of await identity.store.memberships(person))
    await checkRank({ member: await customers.member(organisation, member), wanted: role, organisation }, context)
}

const mailIn = (text: unknown): readonly string[] => {
  const row: unknown = typeof text === 'string' ? JSON.parse(text) : null
  return isObject(row) && typeof row['mail'] === 'string' ? [row['mail']] : []
}

/** The addresses that the person has or had; of one who has closed, and of those given up before, the trail knows them. */
const addressesIn = ({ person = [], memberships = [], trail = [] }: SubjectFile): readonly string[] => {
  const told = trail.filter(({ operation: name }) => name === 'me.close' || name === 'me.confirm-email')
  const kept = [...person, ...memberships].flatMap(({ mail }) => (typeof mail === 'string' ? [mail] : []))
  return [...new Set([...kept, ...told.flatMap(({ before }) => mailIn(before))])]
}

const personField = () => handleField().describe("The person's id or mail address.")
const personFlag = { field: 'person', positional: true, describe: "The person's id or mail address." } as const
const organisationField = () => handleField().describe("The organisation's id.")
const organisationFlag = { field: 'organisation', positional: true, describe: "The organisation's id." } as const
const confirmField = () => z.string().min(1).max(320).describe('The same id once more: this cannot be undone.')

const exportPerson = operation({
  noun: 'people',
  verb: 'export',
  summary: 'Everything that is kept of a person, as JSON to hand to them: no secrets, and no bodies of calls.',
  method: 'GET',
  path: '/people/{person}/export',
  scope: 'read',
  input: z.strictObject({ person: personField() }),
  output: fileView,
  flags: [personFlag],
  render: shown,
  run: async ({ person }, context) => {
    checkReader(context)
    const { id, file } = await personIn(person, context)
    return { subject: id, file: mutable(file) }
  },
})

const erasePerson = operation({
  noun: 'people',
  verb: 'erase',
  summary: 'End a person and take away what is kept of them; the trail keeps what they did under their id.',
  method: 'POST',
  path: '/people/{person}/erase',
  scope: 'secrets',
  input: z.strictObject({ person: personField(), confirm: confirmField() }),
  output: z.object({ erased: z.string() }),
  flags: [personFlag],
  render: ({ erased }) => `${erased} is erased\n`,
  run: async ({ person, confirm }, context) => {
    const { id, mail, file } = await personIn(person, context)
    confirmed(confirm, mail === null ? [id] : [id, mail])
    await checkErasable(id, context)
    const change = { operation: 'people.erase' as const, object: id, before: null, after: null }
    const { erasure, keysChanged } = context.ports
    const mails = addressesIn(file)
    const erased = { person: id, mails, digests: mails.map((one) => signupMailOf(one, context)) }
    await keysChanged(await erasure.erasePerson(erased, context.clock.nowMs(), trailRowOf(change, context)))
    return { erased: id }
  },
})

const exportOrganisation = operation({
  noun: 'organisations',
  verb: 'export',
  summary:
    'What is kept of a customer beside calls and books, as JSON; those are in usage export, ledger list and invoices.',
  method: 'GET',
  path: '/organisations/{organisation}/export',
  scope: 'read',
  input: z.strictObject({ organisation: organisationField() }),
  output: fileView,
  flags: [organisationFlag],
  render: shown,
  run: async ({ organisation }, context) => {
    checkReader(context)
    const { row, file } = await organisationIn(organisation, context)
    return { subject: row.id, file: mutable(file) }
  },
})

const eraseOrganisation = operation({
  noun: 'organisations',
  verb: 'erase',
  summary: 'Take away what is kept of a customer whose account is closed; books, documents and the trail stay.',
  method: 'POST',
  path: '/organisations/{organisation}/erase',
  scope: 'secrets',
  answerMsMax: eraseMsMax,
  input: z.strictObject({ organisation: organisationField(), confirm: confirmField() }),
  output: z.object({
    erased: z.string(),
    keys: z.int().describe('That were ended.'),
    calls: z.int().describe('Records whose words were taken out.'),
    people: z
      .array(z.string())
      .describe('Its people, who may be in other organisations: each is erased by `people erase`.'),
  }),
  flags: [organisationFlag],
  render: ({ erased, keys, calls, people }) =>
    `${erased} is erased: ${keys} keys, ${calls} calls${people.length === 0 ? '' : `; its people: ${people.join(', ')}`}\n`,
  run: async ({ organisation, confirm }, context) => {
    const { ports, clock } = context
    const { row, file } = await organisationIn(organisation, context)
    confirmed(confirm, [row.id])
    if (row.operator) throw new Problem('conflict', { ...saying('runs_server') })
    const account = String(file['account']?.[0]?.['id'])
    const balance = await ports.store.balance(account, clock.nowMs())
    if (balance?.state !== 'closed')
      throw new Problem('conflict', {
        ...saying('account_open', { account }),
      })
    if (balance.heldNanoUsd > 0n)
      throw new Problem('conflict', {
        ...saying('account_holds'),
      })
    const change = { operation: 'organisations.erase' as const, object: row.id, before: null, after: null }
    const keys = await ports.erasure.eraseOrganisation(row.id, clock.nowMs(), trailRowOf(change, context))
    await ports.keysChanged(keys)
    await ports.customersChanged()
    let calls = 0
    let after: string | null = null
    do {
      const stretch: { readonly calls: number; readonly after: string | null } = await ports.erasure.eraseCalls(
        account,
        after,
      )
      calls += stretch.calls
      after = stretch.after
    } while (after !== null)
    const people = (file['members'] ?? []).flatMap(({ person }) => (typeof person === 'string' ? [person] : []))
    return { erased: row.id, keys: keys.length, calls, people: [...new Set(people)] }
  },
})

export const subjectOperations = [exportPerson, erasePerson, exportOrganisation, eraseOrganisation] as const
