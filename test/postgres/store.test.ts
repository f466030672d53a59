import { after, before } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { systemClock } from '#base/clock.ts'
import type { HandClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { adminStoreContract } from '#store/admin-store.contract.ts'
import { appliedContract } from '#store/applied.contract.ts'
import { availabilityContract } from '#store/availability.contract.ts'
import { bindingContract } from '#store/binding.contract.ts'
import { callLogContract } from '#store/call-log.contract.ts'
import { carriedContract } from '#store/carried.contract.ts'
import { codeContract } from '#store/code.contract.ts'
import { documentContract } from '#store/document.contract.ts'
import { erasureContract } from '#store/erasure.contract.ts'
import type { Store } from '#store/face.ts'
import { identityContract } from '#store/identity.contract.ts'
import { keptAnswerContract } from '#store/kept-answer.contract.ts'
import { keySourceContract } from '#store/key-source.contract.ts'
import { ledgerContract } from '#store/ledger.contract.ts'
import { ledgerHistoryContract } from '#store/ledger-history.contract.ts'
import { ledgerPartsContract } from '#store/ledger-parts.contract.ts'
import type { LedgerBackend, Reopened } from '#store/ledger-sample.ts'
import { migrationContract } from '#store/migration.contract.ts'
import { outboxContract } from '#store/outbox.contract.ts'
import { ownCredentialContract } from '#store/own-credential.contract.ts'
import { paymentContract } from '#store/payment.contract.ts'
import { peopleContract } from '#store/people.contract.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { receiptKeyContract } from '#store/receipt-key.contract.ts'
import { responseContract } from '#store/response.contract.ts'
import { retentionContract } from '#store/retention.contract.ts'
import type { OpenBackend } from '#store/test-backend.ts'
import { usageContract } from '#store/usage.contract.ts'
import type { PostgresServer } from './server.ts'
import { startPostgres } from './server.ts'

let server: PostgresServer
const template = 'with_schema'
/** The store's own timers run by the machine's clock; what is kept is dated by the test's. */
const machine = systemClock()
const timed = (clock: Clock): Clock => ({ ...machine, nowMs: () => clock.nowMs() })

const open = (url: string, clock: Clock): Promise<Store> =>
  openPostgresStore({ url, clock: timed(clock), ids: systemIds(machine), log: silentLog, connectionsMax: 4 })

before(async () => {
  server = await startPostgres()
  await server.query(`create database ${template}`)
  await (await open(server.url(template), machine)).close()
})
after(() => server[Symbol.asyncDispose]())

const backend: OpenBackend = {
  name: 'postgres',
  open: async (context, clock) => {
    const store = await open(await server.database(template), clock)
    context.after(() => store.close())
    return store
  },
}

const ledger: LedgerBackend = {
  name: 'books, postgres',
  runs: 8,
  inLanes: true,
  openAgain: async (context, clock: HandClock) => {
    const url = await server.database(template)
    const reopened = async (): Promise<Reopened> => {
      const store = await open(url, clock)
      context.after(() => store.close())
      const again = async (): Promise<Reopened> => {
        await store.close()
        return reopened()
      }
      return { store, again }
    }
    return reopened()
  },
}

adminStoreContract(backend)
callLogContract(backend)
availabilityContract(backend)
keySourceContract(backend)
migrationContract(backend)
outboxContract(backend)
retentionContract(backend)
peopleContract(backend)
identityContract(backend)
codeContract(backend)
paymentContract(backend)
documentContract(backend)
ownCredentialContract(backend)
appliedContract(backend)
receiptKeyContract(backend)
erasureContract(backend)
keptAnswerContract(backend)
responseContract(backend)
bindingContract(backend)
carriedContract(backend)
usageContract(backend)
ledgerContract(ledger)
ledgerPartsContract(ledger)
ledgerHistoryContract(ledger)
