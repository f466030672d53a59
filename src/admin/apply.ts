/** `apply`: the store as a file says it; a dry run shows the difference. `export`: such a file of what there is. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import type { FileFault } from '#base/read-document.ts'
import { faultAt } from '#base/read-document.ts'
import { saying } from '#base/refusal.ts'
import { asSaid } from '#base/sentence.ts'
import { accountOperations } from './accounts.ts'
import { setApplied } from './applied.ts'
import type { AppliedChange } from './applied-ports.ts'
import { readApplyDocument, refuseAll } from './apply-document.ts'
import { storeAsFile } from './apply-export.ts'
import { lotIdOf } from './apply-owned.ts'
import { planOf } from './apply-plan.ts'
import { stageOver } from './apply-stage.ts'
import type { ApplyStep, Given, KeptPlan } from './apply-step.ts'
import { budgetOperations } from './budgets.ts'
import { accountNamed, grantInput, grantTo } from './credits.ts'
import { keyOperations } from './keys.ts'
import { memberOperations } from './members.ts'
import type { Operation, OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { planOperations } from './plans.ts'
import { projectOperations } from './projects.ts'
import { checkInput, runOperation } from './run.ts'

/** Who makes steps of a kind. */
type Maker = {
  /** @throws Problem where the input of the file cannot be taken. */
  readonly check: (input: ApplyStep['input']) => void
  readonly make: (input: ApplyStep['input'], context: OperationContext) => Promise<unknown>
}

/** What a step of a file has beside the input of the operation: by which id credit is granted once. */
const grantOf = ({ id: _id, ...input }: ApplyStep['input']): Given => input
const grantForm = { noun: 'credits', verb: 'grant', input: grantInput } as unknown as Operation

const grantMaker: Maker = {
  check: (input) => checkInput(grantForm, grantOf(input)),
  make: async (input, context) => {
    const account = await accountNamed(String(input['account']), context)
    return grantTo({ ...grantInput.parse(grantOf(input)), lot: lotIdOf(account.id, String(input['id'])) }, context)
  },
}

/** Such a change is held against everything else as the file is read. */
const appliedMaker: Maker = {
  check: () => {},
  make: (input, context) => setApplied(input as AppliedChange, context),
}

const operations = [
  ...planOperations,
  ...accountOperations,
  ...projectOperations,
  ...memberOperations,
  ...budgetOperations,
  ...keyOperations,
] as unknown as readonly Operation[]

const makers: ReadonlyMap<string, Maker> = new Map([
  ...operations.map((one): [string, Maker] => [
    `${one.noun} ${one.verb}`,
    {
      check: (input) => checkInput(one, input),
      make: (input, context) => runOperation(one, input, context),
    },
  ]),
  ['credits grant', grantMaker],
  ['providers set', appliedMaker],
  ['models set', appliedMaker],
])

const makerOf = (step: ApplyStep): Maker => {
  const found = makers.get(step.operation)
  if (found === undefined) throw new Error(`there is no operation ${step.operation}`)
  return found
}

const checkStep = (step: ApplyStep): FileFault | null => {
  try {
    makerOf(step).check(step.input)
    return null
  } catch (thrown) {
    if (thrown instanceof Problem) return faultAt(step.what, thrown.message)
    throw thrown
  }
}

/** In one transaction: calls of everybody wait for it, 5 s at most, and a Postgres makes some 600 changes a second. */
const changesMax = 2_000

const checkCount = (count: number): void => {
  if (count <= changesMax) return
  throw new Problem('invalid_request_error', {
    ...saying('too_many_changes', { count, most: changesMax }),
    param: 'file',
  })
}

const madeKey = z.object({ id: z.string(), name: z.string(), key: z.string() })

const lineOf = ({ sign, what, detail }: Pick<ApplyStep, 'sign' | 'what' | 'detail'>): string =>
  `${sign} ${what}${detail.length === 0 ? '' : ` (${detail.join(', ')})`}`

const keptWords: Readonly<Record<KeptPlan['why'], string>> = {
  chosen: 'which its customer chose',
  paid: 'which it has reached by paying',
}
const keptLine = ({ account, plan, file, why }: KeptPlan): string =>
  `= account ${account} (plan: ${plan} stays, ${keptWords[why]}; the file says ${file}, 'drover accounts set ${account} --plan ${file}' changes it)`

const apply = operation({
  noun: 'apply',
  verb: 'run',
  summary:
    'Bring providers, models, plans, accounts (projects, members, budgets, credit) and keys to what a file says: all of it, or nothing. What it does not name stays; a repeat changes nothing.',
  method: 'POST',
  path: '/apply',
  scope: 'secrets',
  input: z.strictObject({
    file: z.string().max(1_000_000).describe('The file: YAML or JSON.'),
    dry_run: z.boolean().default(false).describe('Show what would change, and change nothing.'),
  }),
  output: z.object({
    applied: z.boolean().describe('false = a dry run.'),
    changes: z.array(
      z.object({
        sign: z.enum(['+', '~']).describe('`+` = made, `~` = changed.'),
        what: z.string(),
        detail: z.array(z.string()),
      }),
    ),
    unchanged: z.int().describe('Things that are as the file says.'),
    kept: z
      .array(z.object({ account: z.string(), plan: z.string(), file: z.string(), why: z.enum(['chosen', 'paid']) }))
      .describe(
        'Plans that stay, and the one that the file names: the customer chose it, or has reached it by paying.',
      ),
    keys: z.array(madeKey).describe('Keys that were made: shown this once.'),
  }),
  flags: [{ field: 'file', positional: true, file: true, describe: 'The file: YAML or JSON.' }],
  render: ({ applied, changes, unchanged, kept, keys }) =>
    [
      ...changes.map(lineOf),
      ...kept.map(keptLine),
      `${changes.length} ${applied ? 'changed' : 'to change'}, ${unchanged} as they are`,
      ...keys.map(({ name, key }) => `${name}: ${key}`),
      '',
    ].join('\n'),
  run: async ({ file, dry_run }, context) => {
    const plan = await planOf(readApplyDocument(file), context)
    refuseAll([...plan.faults, ...plan.steps.map(checkStep).filter((fault) => fault !== null)])
    const changes = plan.steps.map(({ sign, what, detail }) => ({ sign, what, detail: [...detail] }))
    const { unchanged, kept } = plan
    if (dry_run) return { applied: false, changes, unchanged, kept, keys: [] }
    checkCount(plan.steps.length)
    const keys: z.output<typeof madeKey>[] = []
    const stage = stageOver(context.ports, context.clock.nowMs())
    for (const step of plan.steps) {
      try {
        const answer = await makerOf(step).make(step.input, { ...context, ports: stage.ports })
        if (step.operation === 'keys create') keys.push(madeKey.parse(answer))
      } catch (thrown) {
        if (!(thrown instanceof Problem)) throw thrown
        throw new Problem(thrown.code, {
          ...thrown.detail,
          ...saying('change_refused', { what: step.what, why: thrown.detail.said ?? asSaid(thrown.message) }),
        })
      }
    }
    await stage.keep()
    return { applied: true, changes, unchanged, kept, keys }
  },
})

const exported = operation({
  noun: 'export',
  verb: 'list',
  summary:
    'Print providers, models, plans, accounts and keys of the store as a file that apply takes. Neither secrets nor credit are in it.',
  method: 'GET',
  path: '/export',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ file: z.string() }),
  flags: [],
  render: ({ file }) => file,
  run: async (_input, context) => ({ file: await storeAsFile(context) }),
})

export const applyOperations = [apply, exported] as const
