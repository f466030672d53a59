import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { adminStoreContract } from '#store/admin-store.contract.ts'
import { callLogContract } from '#store/call-log.contract.ts'
import { keySourceContract } from '#store/key-source.contract.ts'
import type { OpenBackend } from '#store/test-backend.ts'
import { openSqliteStore } from './client.ts'
import type { Durability } from './message.ts'

const workerUrl = new URL('./worker.ts', import.meta.url)

const openAt = async (
  context: TestContext,
  clock: Clock,
  where: { readonly url: string; readonly durability: Durability },
) => {
  const store = await openSqliteStore({ ...where, workerUrl, clock, log: silentLog })
  context.after(() => store.close())
  return store
}

const inFile = (durability: Durability): OpenBackend => ({
  name: `sqlite file, ${durability}`,
  open: (context, clock) => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-store-'))
    context.after(() => rmSync(folder, { recursive: true }))
    return openAt(context, clock, { url: `sqlite:${join(folder, 'drover.db')}`, durability })
  },
})

const inMemory: OpenBackend = {
  name: 'sqlite in memory',
  open: (context, clock) => openAt(context, clock, { url: 'sqlite::memory:', durability: 'process' }),
}

for (const backend of [inMemory, inFile('process')]) {
  adminStoreContract(backend)
  callLogContract(backend)
  keySourceContract(backend)
}
callLogContract(inFile('power'))
