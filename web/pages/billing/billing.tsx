/** Money of an account: balance, credit, orders, documents, books. One call, and one for the operator's choice of account. */

import { useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { OwnFapiao } from '#pages/fapiao/own.tsx'
import { AccountChoice, useAccount } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Card, PageHead, Stat, Stats } from '#parts/layout.tsx'
import { Loaded } from '#parts/states.tsx'
import type { Tab } from '#parts/tabs.tsx'
import { Tabs } from '#parts/tabs.tsx'
import type { Billing } from './account-billing.ts'
import { Details } from './details.tsx'
import { Documents, Ledger, Lots, Orders } from './tables.tsx'
import { texts } from './texts.ts'
import { FollowOrder, Redeem, TopUp } from './top-up.tsx'

const everyMs = 30_000

const Figures = ({ billing }: { readonly billing: Billing }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { balance, account } = billing
  const isUnlimited = balance.billing === 'unlimited'
  return (
    <Stats>
      <Stat
        name={say('balance')}
        value={format.money(balance.balance_nano_usd)}
        beside={say(balance.billing)}
        to="/billing"
        search={{ account: account.id, tab: 'ledger' }}
      />
      <Stat name={say('held')} value={format.money(balance.held_nano_usd)} beside={say('heldWhy')} />
      {isUnlimited ? null : (
        <Stat name={say('owed')} value={format.money(`-${balance.credit_limit_nano_usd}`.replace('-0', '0'))} />
      )}
      <Stat name={say('plan')} value={account.plan ?? say('noPlan')} beside={account.name} />
    </Stats>
  )
}

const Sections = ({ billing, follow }: { readonly billing: Billing; readonly follow: (id: string) => void }) => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  // Only what was paid in yuan can have a fapiao.
  const takesYuan =
    billing.methods.some(({ currencies }) => currencies.includes('CNY')) ||
    billing.orders.some(({ currency }) => currency === 'CNY')
  const tabs: readonly Tab[] = [
    { id: 'lots', label: say('lots'), content: () => <Lots billing={billing} /> },
    { id: 'orders', label: say('orders'), content: () => <Orders billing={billing} follow={follow} /> },
    { id: 'documents', label: say('documents'), content: () => <Documents billing={billing} /> },
    ...(takesYuan
      ? [{ id: 'fapiao', label: say('fapiao'), content: () => <OwnFapiao account={billing.account.id} /> }]
      : []),
    { id: 'ledger', label: say('ledger'), content: () => <Ledger billing={billing} follow={follow} /> },
    { id: 'details', label: say('details'), content: () => <Details billing={billing} /> },
  ]
  const chosen = tabs.find(({ id }) => id === filters['tab'])?.id ?? 'lots'
  return (
    <Card>
      <div className="inside">
        <Tabs
          label={say('sections')}
          chosen={chosen}
          onChoose={(tab) => change({ tab: tab === 'lots' ? undefined : tab })}
          tabs={tabs}
        />
      </div>
    </Card>
  )
}

type Over = { readonly what: 'top-up' | 'redeem' } | { readonly what: 'order'; readonly id: string }

export const Page = () => {
  const say = useWords(texts)
  const account = useAccount()
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const query = useRead('billing show', { account }, { everyMs })
  const close = (): void => setOver(null)
  const actions = may.changesMoney ? (
    <>
      <Button onClick={() => setOver({ what: 'redeem' })}>{say('redeem')}</Button>
      <Button kind="first" icon="plus" onClick={() => setOver({ what: 'top-up' })}>
        {say('topUp')}
      </Button>
    </>
  ) : null
  return (
    <>
      <PageHead title={say('title')} actions={actions}>
        {say('lead')}
      </PageHead>
      <div className="filters">
        <AccountChoice />
      </div>
      <Loaded query={query}>
        {(billing) => (
          <>
            <Figures billing={billing} />
            <Sections billing={billing} follow={(id) => setOver({ what: 'order', id })} />
            {over?.what === 'top-up' ? (
              <TopUp billing={billing} onClose={close} follow={(id) => setOver({ what: 'order', id })} />
            ) : null}
            {over?.what === 'redeem' ? <Redeem billing={billing} onClose={close} /> : null}
            {over?.what === 'order' ? <FollowOrder id={over.id} onClose={close} /> : null}
          </>
        )}
      </Loaded>
    </>
  )
}
