/** Who or what an id is: its name, which leads to it where it has a page, with the id as its title. */

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useWord } from './language.tsx'
import { actorNames } from './said/names.ts'
import { words } from './words.ts'

type Names = Readonly<Record<string, string>>

const kindWords = words({
  acc: ['account', '账户'],
  key: ['key', '密钥'],
  prj: ['project', '项目'],
  mem: ['member', '成员'],
  org: ['organisation', '组织'],
  per: ['person', '人员'],
  mig: ['migration', '迁移'],
})

/** An order has no name of its own. */
const orderForm = /^ord_\w+$/

const idForm = /\b(acc|key|prj|mem|org|per|mig)_\w+/

/** Where a thing of this kind is looked at. */
const pageOf = (kind: string, id: string, name: string): { readonly to: string; readonly search: object } | null => {
  if (kind === 'acc') return { to: '/billing', search: { account: id } }
  if (kind === 'key') return { to: '/requests', search: { key: id } }
  return kind === 'mig' ? { to: `/migrations/${encodeURIComponent(name)}`, search: {} } : null
}

type Props = { readonly id: string; readonly names: Names; readonly isPlain?: boolean }

/** `isPlain`: without a link, as within something that is clicked. */
export const Named = ({ id: text, names, isPlain = false }: Props): ReactNode => {
  const word = useWord()
  const known = actorNames[text]
  if (known !== undefined) return <span title={text}>{word(known)}</span>
  const found = idForm.exec(text)
  const [id = '', kind = ''] = found ?? []
  const name = names[id]
  if (orderForm.test(text) && !isPlain)
    return (
      <Link className="mono break" to="/orders" search={{ order: text } as never}>
        {text}
      </Link>
    )
  if (name === undefined) return <span className="mono break">{text}</span>
  const page = isPlain ? null : pageOf(kind, id, name)
  return (
    <span className="named" title={text}>
      {page === null ? (
        name
      ) : (
        <Link to={page.to as never} search={page.search as never} title={text}>
          {name}
        </Link>
      )}{' '}
      <span className="soft">{word(kindWords[kind as keyof typeof kindWords])}</span>
    </span>
  )
}
