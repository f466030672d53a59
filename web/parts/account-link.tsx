/** An account by its name, which leads to its money; its id where it has none any more. */

import { Link } from '@tanstack/react-router'

type Row = { readonly account: string; readonly account_name: string | null }

export const AccountLink = ({ of: { account, account_name: name } }: { readonly of: Row }) => (
  <Link to="/billing" search={{ account } as never} className={name === null ? 'mono' : undefined}>
    {name ?? account}
  </Link>
)
