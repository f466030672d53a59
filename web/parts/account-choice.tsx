/** Which account: the operator chooses among all, everybody else has one. */

import { useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { useFilters } from './filters.ts'
import { useWords } from './language.tsx'
import { words } from './words.ts'

const texts = words({ account: ['Account', '账户'], every: ['All accounts', '全部账户'] })
const accountsMax = 1_000

/** The account of the address, else the session's own. */
export const useAccount = (): string => {
  const [filters] = useFilters()
  const session = useSession()
  return filters['account'] ?? session.account ?? 'default'
}

/** A choice for the operator; nothing for others. The accounts are read when somebody is about to choose. `withEvery` = no account is a choice too. */
export const AccountChoice = ({ withEvery = false }: { readonly withEvery?: boolean }) => {
  const say = useWords(texts)
  const session = useSession()
  const [filters, change] = useFilters()
  const [isWanted, setWanted] = useState(false)
  const given = filters['account']
  const query = useRead('accounts list', { limit: accountsMax }, { enabled: session.operator && isWanted })
  if (!session.operator) return null
  const chosen = given ?? (withEvery ? '' : (session.account ?? ''))
  const own = session.organisations.flatMap(({ account, name }) =>
    account === session.account ? [{ id: account, name }] : [],
  )
  const isOwn = own.some(({ id, name }) => id === given || name === given)
  // Until the list is read, the one of the address is called as the address calls it.
  const accounts =
    query.data?.data ?? (given === undefined || given === '' || isOwn ? own : [...own, { id: given, name: given }])
  return (
    <select
      className="select"
      aria-label={say('account')}
      onPointerEnter={() => setWanted(true)}
      onFocus={() => setWanted(true)}
      value={accounts.find(({ id, name }) => id === chosen || name === chosen)?.id ?? ''}
      onChange={(event) => change({ account: event.target.value, before: undefined })}
    >
      {withEvery ? <option value="">{say('every')}</option> : null}
      {accounts.map(({ id, name }) => (
        <option value={id} key={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
