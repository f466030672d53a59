/** What every step of the schema does with rows that are there, on every backend. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import type { Tables } from '#store/tables.ts'
import { stepBack, stepForward } from './apply.ts'
import { schemaSteps } from './index.ts'
import type { SampleRow, TableShape } from './row-sample.ts'
import { dumpOf, putRow, shapeOf } from './row-sample.ts'
import type { DialectName, StepDatabase } from './step.ts'

export type StepBackend = {
  readonly name: string
  readonly dialect: DialectName
  /** An empty database. */
  readonly open: (context: TestContext) => Promise<Kysely<Tables>>
}

const rowsPerTable = 3

type Content = ReadonlyMap<string, { readonly shape: TableShape; readonly rows: readonly SampleRow[] }>

const openBench = (database: Kysely<Tables>, dialect: DialectName) => {
  const wide = database as unknown as StepDatabase
  const target = (count: number) => ({ database, dialect, steps: schemaSteps.slice(0, count), nowMs: 5 })
  const content = async (): Promise<Content> => {
    const found = new Map<string, { shape: TableShape; rows: readonly SampleRow[] }>()
    for (const shape of await shapeOf(wide, dialect)) found.set(shape.name, { shape, rows: await dumpOf(wide, shape) })
    return found
  }
  return {
    content,
    /** To the first `count` steps. */
    forward: async (count: number): Promise<void> => void (await stepForward(target(count))),
    back: (from: number, to: number): Promise<void> => stepBack(target(from), schemaSteps[to - 1]?.number ?? 0),
    /** Puts rows into tables that have none. */
    fill: async (): Promise<void> => {
      for (const { shape, rows } of (await content()).values())
        for (let number = 1; rows.length === 0 && number <= rowsPerTable; number += 1) await putRow(wide, shape, number)
    },
    put: (shape: TableShape, number: number): Promise<void> => putRow(wide, shape, number),
  }
}

const textsOf = (rows: readonly SampleRow[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort()

/** What the store says of its own schema. */
const isOwn = (row: SampleRow): boolean => String(row['name']).endsWith('schema_needed')

const comparable = (content: Content): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...content].map(([name, { rows }]) => [
      name,
      textsOf(
        rows.filter((row) => name !== 'meta' || !isOwn(row)),
        Object.keys(rows[0] ?? {}).sort(),
      ),
    ]),
  )

/** Every row that was there is there still, in the columns that are left; there may be more rows. */
const assertKept = (before: Content, after: Content, step: string): void => {
  for (const [name, { rows, shape }] of before) {
    const now = after.get(name)
    if (now === undefined) continue
    const left = new Set(now.shape.columns.map((column) => column.name))
    const columns = shape.columns.map((column) => column.name).filter((column) => left.has(column))
    const found = textsOf(now.rows, columns)
    for (const row of textsOf(
      rows.filter((one) => name !== 'meta' || !isOwn(one)),
      columns,
    ))
      assert.ok(found.includes(row), `${step} lost of ${name}: ${row}`)
  }
}

/** A Drover of before reads its columns and writes rows of them. */
const assertOnlyAdded = async (bench: ReturnType<typeof openBench>, before: Content, step: string): Promise<void> => {
  const after = await bench.content()
  for (const [name, { shape }] of before) {
    const now = after.get(name)?.shape
    assert.ok(now !== undefined, `${step} says that it only adds, and takes ${name} away`)
    for (const column of shape.columns) {
      const there: TableShape['columns'][number] | undefined = now.columns.find((one) => one.name === column.name)
      assert.equal(there?.kind, column.kind, `${step} says that it only adds, and changes ${name}.${column.name}`)
    }
    if (name.endsWith('_head')) continue
    await bench.put(shape, rowsPerTable + 1)
  }
}

/** Registers the tests that the steps pass on every backend. */
export const everyStepContract = ({ name, dialect, open }: StepBackend): void => {
  test(`${name}: every step keeps the rows that are there, and back are they what they were`, async (context) => {
    const bench = openBench(await open(context), dialect)
    for (const [place, step] of schemaSteps.entries()) {
      await bench.fill()
      const before = await bench.content()
      for (const [table, { rows }] of before) assert.ok(rows.length > 0, `no row in ${table}`)
      await bench.forward(place + 1)
      assertKept(before, await bench.content(), step.name)
      await bench.back(place + 1, place)
      if (place > 0) assert.deepEqual(comparable(await bench.content()), comparable(before), step.name)
      await bench.forward(place + 1)
      assertKept(before, await bench.content(), step.name)
    }
    await bench.fill()
    for (let count = schemaSteps.length; count > 0; count -= 1) {
      const before = await bench.content()
      await bench.back(count, count - 1)
      assertKept(before, await bench.content(), `back from ${schemaSteps[count - 1]?.name}`)
    }
    assert.equal((await bench.content()).size, 0)
  })

  test(`${name}: a Drover that does not know a step that only adds can read and write what it knows`, async (context) => {
    for (const [place, step] of schemaSteps.entries()) {
      if (step.isAddition !== true) continue
      const bench = openBench(await open(context), dialect)
      await bench.forward(place)
      await bench.fill()
      const before = await bench.content()
      await bench.forward(place + 1)
      await assertOnlyAdded(bench, before, step.name)
      // It starts on such a store as well, and leaves it as it is.
      await bench.forward(place)
      assert.ok((await bench.content()).size >= before.size)
    }
  })
}
