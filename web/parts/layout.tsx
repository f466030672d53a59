/** The frame of a page's content: its head, cards, figures, badges, facts. */

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useEffect } from 'react'

type HeadProps = { readonly title: string; readonly children?: ReactNode; readonly actions?: ReactNode }

/** Title, one sentence, and what can be done here. It also names the browser's tab. */
export const PageHead = ({ title, children, actions }: HeadProps) => {
  useEffect(() => {
    document.title = `${title} – Drover`
  }, [title])
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {children === undefined ? null : <p>{children}</p>}
      </div>
      {actions === undefined ? null : <div className="row">{actions}</div>}
    </div>
  )
}

/** A surface with a heading of its own, or without. */
export const Card = ({
  title,
  beside,
  children,
}: {
  readonly title?: ReactNode
  readonly beside?: ReactNode
  readonly children: ReactNode
}) => (
  <section className="card">
    {title === undefined ? null : (
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
    )}
    {children}
  </section>
)

export type Tone = 'good' | 'warn' | 'bad' | 'info'

/** A state in a word; its colour only repeats it. */
export const Badge = ({ tone, children }: { readonly tone?: Tone | undefined; readonly children: ReactNode }) => (
  <span className={`badge ${tone ?? 'plain'}`}>{children}</span>
)

type StatProps = {
  readonly name: string
  readonly value: ReactNode
  readonly beside?: ReactNode
  /** Where the rows behind the number are. */
  readonly to?: string
  readonly search?: Readonly<Record<string, string>>
}

/** One figure. Where it has rows behind it, it leads to them. */
export const Stat = ({ name, value, beside, to, search }: StatProps) => (
  <div className="stat">
    <dt>{name}</dt>
    <dd className="figure">
      {to === undefined ? (
        value
      ) : (
        <Link to={to} search={search as never}>
          {value}
        </Link>
      )}
    </dd>
    <dd className="beside">{beside ?? '\u00a0'}</dd>
  </div>
)

/** Figures side by side. */
export const Stats = ({ children }: { readonly children: ReactNode }) => <dl className="card stats">{children}</dl>

/** A fact that is a name of the machine's. */
export const mono = (text: string): ReactNode => <span className="mono">{text}</span>

export type Fact = readonly [name: string, value: ReactNode]

/** Names and values in two columns; what is not there is left out. */
export const Facts = ({ facts }: { readonly facts: readonly (Fact | null)[] }) => (
  <dl className="facts">
    {facts
      .filter((fact) => fact !== null)
      .map(([name, value]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)

/** How much of a whole, 0 to 1. The number itself stands beside it. */
export const Meter = ({ share, tone }: { readonly share: number; readonly tone?: 'warn' | 'bad' | undefined }) => (
  <svg className={`meter ${tone ?? ''}`} aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1">
    <rect width={Math.max(0, Math.min(100, share * 100))} height="1" />
  </svg>
)
