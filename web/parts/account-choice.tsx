/** Which account: the operator chooses among all, everybody else has one. */

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

/** A choice for the operator; nothing for others. `withEvery` = no account is a choice too. */
export const AccountChoice = ({ withEvery = false }: { readonly withEvery?: boolean }) => {
  const say = useWords(texts)
  const session = useSession()
  const [filters, change] = useFilters()
  const query = useRead('accounts list', { limit: accountsMax }, { enabled: session.operator })
  if (!session.operator) return null
  const chosen = filters['account'] ?? (withEvery ? '' : (session.account ?? ''))
  const accounts = query.data?.data ?? []
  return (
    <select
      className="select"
      aria-label={say('account')}
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
