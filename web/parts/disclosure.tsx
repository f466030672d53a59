/** What is only wanted now and then, behind one line: the platform's own element. */

import type { ReactNode } from 'react'

type DisclosureProps = {
  readonly title: string
  readonly beside?: ReactNode
  readonly open?: boolean
  readonly children: ReactNode
}

export const Disclosure = ({ title, beside, open = false, children }: DisclosureProps) => (
  <details className="disclosure" open={open}>
    <summary>
      {title}
      {beside === undefined ? null : <span className="soft">{beside}</span>}
    </summary>
    <div className="stack">{children}</div>
  </details>
)
