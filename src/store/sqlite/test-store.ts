import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { makeMailbox } from '#base/mailbox.ts'
import type { Store } from '#store/face.ts'
import { faceOf } from '#store/face.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { runBatch } from './batch.ts'
import { openDatabase } from './open-database.ts'

const settings = { durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const

const makeFile = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-schema-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'drover.db')
  const { database } = await openDatabase({ ...settings, file })
  database.close()
  return file
}

/** A memo, and no state: a schema takes longer to make than to copy, and nobody writes to the file. */
const madeFile = ((): (() => Promise<string>) => {
  let made: Promise<string> | undefined
  return () => {
    made ??= makeFile()
    return made
  }
})()

/** A file in a folder of its own, with the present schema. */
const emptyFile = async (context: TestContext): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-store-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'drover.db')
  copyFileSync(await madeFile(), file)
  return file
}

/**
 * The embedded store without its thread, which takes longer to start than most tests run: the same operations and the same group
 * commit, called at once. What would cross to the thread and back is cloned as if it did.
 */
export const openTestStore = async (clock: Clock, file = ':memory:'): Promise<Store> => {
  const ground = { ...(await openDatabase({ ...settings, file })), operations: makeOperations() }
  let before: Promise<unknown> = Promise.resolve()
  const mailbox = makeMailbox({
    clock,
    whom: 'The store',
    queueLengthMax: 10_000,
    answerTimeoutMs: 30_000,
    post: (asked) => {
      const posted = structuredClone(asked)
      before = before.then(async () => mailbox.answer(structuredClone((await runBatch(ground, posted)).answers)))
    },
  })
  return {
    ...faceOf(mailbox.ask as Execute, clock),
    health: () => ({ ok: true }),
    close: async () => {
      await before
      ground.database.close()
    },
  }
}

/** The same with a file of its own, until the test ends. */
export const testStoreOf = async (context: TestContext, clock: Clock): Promise<Store> => {
  const store = await openTestStore(clock, await emptyFile(context))
  context.after(() => store.close())
  return store
}
