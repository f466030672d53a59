/**
 * What operations are given when somebody of a customer's organisation asks: ports that know of no other organisation. Rows of
 * others are not there, lists end at its own, and whatever is not named here is refused. An operation that forgets to look
 * whose a row is gives nothing away.
 */

import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { DocumentStore } from '#document/port.ts'
import type { PaymentStore } from '#payment/port.ts'
import type { Plans } from '#policy/plan.ts'
import { rowForAccount } from '#relay/account-price.ts'
import type { RoutingView } from '#relay/route-state.ts'
import type { AdminPorts, Tenant } from './operation.ts'
import type { AccountRow, AdminStore, CustomerStore } from './port.ts'

const beyond = (name: string): Problem => new Problem('permission_denied', { ...saying('operators_only', { name }) })

/** Only these; every other use is refused, and is a mistake in the table of reach. */
const only = <T extends object>(kept: Partial<T>): T =>
  new Proxy(kept as T, {
    get: (target, name, receiver) =>
      Reflect.has(target, name) || typeof name === 'symbol' || name === 'then'
        ? Reflect.get(target, name, receiver)
        : () => {
            throw beyond(name)
          },
  })

type Owned = { readonly account?: string | null; readonly organisation?: string | null }

const makeGate = ({ organisation, account }: Tenant) => {
  const isOwn = (row: Owned): boolean => row.account === account || row.organisation === organisation
  return {
    organisation,
    account,
    isOwn,
    /** A row of somebody else is not there. */
    own: <T extends Owned>(row: T | null): T | null => (row !== null && isOwn(row) ? row : null),
    /** What is written says whose it is. */
    check: (row: Owned): void => {
      if (!isOwn(row)) throw beyond('another organisation')
    },
  }
}

type Gate = ReturnType<typeof makeGate>

/** What they may choose, reach by paying or begin with, and their own: a plan that was made for somebody else is nobody else's to know. */
const plansFor = ({ account }: Tenant, { plans, prices, signup }: AdminPorts): Plans => {
  const own = [prices.snapshot().accounts.get(account)?.plan, signup().plan]
  return new Map(
    [...plans()].filter(
      ([name, plan]) => plan.isOpen === true || plan.upgradeAtPaidNanoUsd !== null || own.includes(name),
    ),
  )
}

const adminStore = ({ store, identity }: AdminPorts, gate: Gate): AdminStore => {
  const { organisation, account } = gate
  const ownAccount = async (): Promise<AccountRow | null> => store.account(account)
  const keyOf = async (id: string) => {
    const row = await store.key(id, organisation)
    if (row === null) throw beyond('another organisation')
  }
  return only<AdminStore>({
    // To its own people the account is the default one, whatever it is called.
    account: async (handle) => {
      const row = handle === 'default' ? await ownAccount() : await store.account(handle)
      return row !== null && row.id === account ? row : null
    },
    accounts: async ({ after }) => {
      const row = await ownAccount()
      return row === null || (after !== null && after >= row.id) ? [] : [row]
    },
    organisations: async ({ after }) => {
      const row = await identity.store.organisation(organisation)
      if (row === null || (after !== null && after >= row.id)) return []
      return [row]
    },
    accountStates: (ids) => store.accountStates(ids.filter((id) => id === account)),
    names: (asked) => store.names({ ...asked, organisation }),
    keys: (page) => store.keys({ ...page, organisation }),
    key: (handle) => store.key(handle, organisation),
    createKey: async (row, trail) => {
      if (row.organisation !== organisation || row.account !== account) throw beyond('another organisation')
      return store.createKey(row, trail)
    },
    revokeKey: async (id, atMs, trail) => {
      await keyOf(id)
      return store.revokeKey(id, atMs, trail)
    },
    rotateKey: async (change, trail) => {
      await keyOf(change.oldId)
      gate.check({ organisation: change.row.organisation })
      return store.rotateKey(change, trail)
    },
    balance: async (id, nowMs) => (id === account ? store.balance(id, nowMs) : null),
    calls: (filter) => store.calls({ ...filter, account }),
    call: async (id) => {
      const row = await store.call(id)
      return row !== null && row.account === account ? row : null
    },
    receipt: async (call) => {
      const receipt = await store.receipt(call)
      return receipt !== null && receipt.account === account ? receipt : null
    },
    // Of another's call nothing was charged here.
    chargedFor: async (calls) => {
      const receipts = await Promise.all(calls.map((call) => store.receipt(call)))
      const charged = await store.chargedFor(calls)
      return charged.map((nano, place) => (receipts[place]?.account === account ? nano : null))
    },
    priceRow: (hash) => store.priceRow(hash),
    // Rows of one person, who asks for their own.
    trailOf: (question) => store.trailOf(question),
    usage: (question) => store.usage({ ...question, filter: { ...question.filter, account } }),
  })
}

const customerStore = (store: CustomerStore, gate: Gate): CustomerStore => {
  const { organisation, account, own } = gate
  const projectOf = async (id: string): Promise<void> => {
    if ((await store.project(organisation, id))?.id !== id) throw beyond('another organisation')
  }
  const memberOf = async (id: string): Promise<void> => {
    if ((await store.member(organisation, id))?.id !== id) throw beyond('another organisation')
  }
  const budgetOf = async (id: string) => {
    const row = await store.budget(id)
    return row !== null && row.organisation === organisation ? row : null
  }
  return only<CustomerStore>({
    projects: (page) => store.projects({ ...page, organisation }),
    project: (_organisation, handle) => store.project(organisation, handle),
    createProject: async (row, trail) => {
      gate.check({ organisation: row.organisation })
      return store.createProject(row, trail)
    },
    renameProject: async (change, trail) => {
      await projectOf(change.id)
      return store.renameProject(change, trail)
    },
    archiveProject: async (change, trail) => {
      await projectOf(change.id)
      return store.archiveProject(change, trail)
    },
    members: (page) => store.members({ ...page, organisation }),
    member: (_organisation, handle) => store.member(organisation, handle),
    addMember: async (row, trail) => {
      gate.check({ organisation: row.organisation })
      return store.addMember(row, trail)
    },
    setMemberRole: async (change, trail) => {
      await memberOf(change.id)
      return store.setMemberRole(change, trail)
    },
    removeMember: async (change, trail) => {
      await memberOf(change.id)
      return store.removeMember(change, trail)
    },
    // Its plan is its own to change; what it may owe is not.
    changeAccount: async ({ creditLimitNanoUsd, ...change }, trail) => {
      gate.check({ account: change.account })
      if (creditLimitNanoUsd !== undefined) throw beyond('credit limit')
      return store.changeAccount(change, trail)
    },
    ownCredentials: (page) => store.ownCredentials({ ...page, account }),
    setOwnCredential: async (row, trail) => {
      gate.check({ account: row.account })
      return store.setOwnCredential(row, trail)
    },
    removeOwnCredential: async (which, trail) => {
      gate.check({ account: which.account })
      return store.removeOwnCredential(which, trail)
    },
    closeAccount: async (id, nowMs, trail) => {
      gate.check({ account: id })
      return store.closeAccount(id, nowMs, trail)
    },
    renameOrganisation: async (change, trail) => {
      gate.check({ organisation: change.id })
      return store.renameOrganisation(change, trail)
    },
    lots: (page) => store.lots({ ...page, account }),
    bookPage: (page) => store.bookPage({ ...page, account }),
    budgets: (page) => store.budgets({ ...page, organisation }),
    budget: budgetOf,
    budgetState: (budget, nowMs) => store.budgetState(budget, nowMs),
    setBudget: async (setting, trail) => {
      gate.check({ account: setting.account })
      gate.check({ organisation: setting.budget.organisation })
      return store.setBudget(setting, trail)
    },
    removeBudget: async (id, trail) => {
      if ((await budgetOf(id)) === null) throw beyond('another organisation')
      return store.removeBudget(id, trail)
    },
    crossings: (page) => store.crossings({ ...page, account }),
    // It makes only what is new, and whoever asks owns it.
    signUp: (request, trail) => store.signUp(request, trail),
    redeemCode: async (redemption, trail, upgrade) => {
      gate.check(own({ account: redemption.account }) ?? {})
      return store.redeemCode(redemption, trail, upgrade)
    },
  })
}

/** Orders pass through the cashier, which an order that is the account's own has been found for before. */
const paymentStore = (store: PaymentStore, { account, own, check }: Gate): PaymentStore => {
  const ordered = async (id: string) => own(await store.order(id))
  const refund = async (id: string) => {
    const row = await store.refund(id)
    return row !== null && (await ordered(row.order)) !== null ? row : null
  }
  return only<PaymentStore>({
    acceptTerms: async (acceptance, trail) => {
      check({ account: acceptance.account })
      return store.acceptTerms(acceptance, trail)
    },
    acceptedTerms: async (id, version) => (id === account ? store.acceptedTerms(id, version) : null),
    createOrder: async (order, event, trail) => {
      check({ account: order.account })
      return store.createOrder(order, event, trail)
    },
    order: ordered,
    orderBy: async (method, by, value) => own(await store.orderBy(method, by, value)),
    orders: (page) => store.orders({ ...page, account }),
    moveOrder: async (move) => {
      if ((await ordered(move.order)) === null) throw beyond('another organisation')
      return store.moveOrder(move)
    },
    paymentEvents: async (order) => ((await ordered(order)) === null ? [] : store.paymentEvents(order)),
    refundsOf: async (order) => ((await ordered(order)) === null ? [] : store.refundsOf(order)),
    refund,
    autoTopUp: async (id) => (id === account ? store.autoTopUp(id) : null),
    setAutoTopUp: async (row, trail) => {
      check({ account: row.account })
      return store.setAutoTopUp(row, trail)
    },
  })
}

const documentStore = (store: DocumentStore, { account, own, check }: Gate): DocumentStore => {
  const ifOwn =
    <T>(ask: (id: string) => Promise<T>, without: T) =>
    async (id: string): Promise<T> =>
      id === account ? ask(id) : without
  const titleOf = async (id: string): Promise<void> => {
    if (!(await store.fapiaoTitles(account)).some((row) => row.id === id)) throw beyond('another organisation')
  }
  const documentById = async (handle: string) => own(await store.document(handle))
  const fapiaoById = async (id: string) => own(await store.fapiao(id))
  return only<DocumentStore>({
    document: documentById,
    documentOf: async (source) => own(await store.documentOf(source)),
    documents: (page) => store.documents({ ...page, account }),
    documentFile: async (id) => ((await documentById(id)) === null ? null : store.documentFile(id)),
    keepDocumentFile: async (id, bytes) => {
      if ((await documentById(id)) !== null) await store.keepDocumentFile(id, bytes)
    },
    billingProfile: ifOwn((id) => store.billingProfile(id), null),
    setBillingProfile: async (id, profile, trail) => {
      check({ account: id })
      return store.setBillingProfile(id, profile, trail)
    },
    owedBy: ifOwn((id) => store.owedBy(id), 0n),
    addFapiaoTitle: async (row, trail) => {
      check({ account: row.account })
      return store.addFapiaoTitle(row, trail)
    },
    fapiaoTitles: ifOwn((id) => store.fapiaoTitles(id), []),
    removeFapiaoTitle: async (id, nowMs, trail) => {
      await titleOf(id)
      return store.removeFapiaoTitle(id, nowMs, trail)
    },
    fapiaoBalance: async (id) => {
      check({ account: id })
      return store.fapiaoBalance(id)
    },
    requestFapiao: async (draft, trail) => {
      check({ account: draft.account })
      return store.requestFapiao(draft, trail)
    },
    fapiao: fapiaoById,
    fapiaos: (page) => store.fapiaos({ ...page, account }),
    fapiaoFile: async (id) => ((await fapiaoById(id)) === null ? null : store.fapiaoFile(id)),
  })
}

/** The ports of a tenant. */
export const confined = (ports: AdminPorts, tenant: Tenant, clock: Clock): AdminPorts => {
  const gate = makeGate(tenant)
  const { customers, payments, documents, bindings } = ports
  const documentsOwn = documentStore(documents.store, gate)
  const holders = [tenant.account, `${tenant.account}/test`]
  return only<AdminPorts>({
    store: adminStore(ports, gate),
    customers: customerStore(customers, gate),
    payments: { ...payments, cashier: { ...payments.cashier, store: paymentStore(payments.cashier.store, gate) } },
    documents: {
      ...documents,
      store: documentsOwn,
      account: async (id) => (id === tenant.account ? documents.account(id) : null),
    },
    bindings: {
      bindings: async (question) => (holders.includes(question.holder) ? bindings.bindings(question) : []),
    },
    identity: ports.identity,
    receipts: ports.receipts,
    digestKey: ports.digestKey,
    environment: ports.environment,
    keysChanged: ports.keysChanged,
    accountsChanged: ports.accountsChanged,
    customersChanged: ports.customersChanged,
    plans: () => plansFor(tenant, ports),
    // With the markup and the discount that they get: the rates under these are what the operator pays.
    models: () => {
      const whose = { account: tenant.account, atMs: clock.nowMs() }
      const snapshot = ports.prices.snapshot()
      return ports.models().map((row) => rowForAccount(row, snapshot, whose))
    },
    signup: ports.signup,
    routing: only<RoutingView>({ providers: ports.routing.providers, routes: ports.routing.routes }),
    // How a model answers of late is said to everybody, as on the public page: of all calls, and of nobody's in particular.
    availability: ports.availability,
    sealCredential: (whose, secret) => {
      gate.check({ account: whose.account })
      return ports.sealCredential(whose, secret)
    },
  })
}
