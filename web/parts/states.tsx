/** What stands where there is nothing yet, nothing at all, or a refusal. */

import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { ApiProblem } from '#actions/api.ts'
import { Button } from './button.tsx'
import { Code } from './code.tsx'
import { usePreferences, useWords } from './language.tsx'
import { problemsInChinese } from './problem-words.ts'
import { useRefusalSaid } from './said/use-refusal.ts'
import { stateTexts } from './texts.ts'

/** What this console says by itself, because no relay was asked. */
const isOwn = (code: string): code is 'unreachable' | 'passkey_declined' | 'passkey_known' =>
  code === 'unreachable' || code === 'passkey_declined' || code === 'passkey_known'

const skeletonAfterMs = 200

/** Whether something has lasted so long that a person notices. */
const useLasts = (afterMs: number): boolean => {
  const [lasts, setLasts] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => setLasts(true), afterMs)
    return () => window.clearTimeout(timer)
  }, [afterMs])
  return lasts
}

/** Lines in the place of what is coming; not seen for the first 200 ms, so that quick answers do not flicker, but their place is kept. */
export const Skeleton = ({ lines = 6, tall = false }: { readonly lines?: number; readonly tall?: boolean }) => {
  const lasts = useLasts(skeletonAfterMs)
  const say = useWords(stateTexts)
  return (
    <div className={`inside${lasts ? '' : ' unseen'}`} role="status" aria-label={say('loading')} aria-busy="true">
      {Array.from({ length: lines }, (_, index) => `line-${index}`).map((key) => (
        <span className={`skeleton${tall ? ' tall' : ''}`} key={key} />
      ))}
    </div>
  )
}

/** A refusal: what, why, what to do, and the request that the log knows. */
export const ProblemNote = ({ error, again }: { readonly error: Error; readonly again?: (() => void) | undefined }) => {
  const say = useWords(stateTexts)
  const { language } = usePreferences()
  const problem = error instanceof ApiProblem ? error : null
  const told = useRefusalSaid(error)
  const advice = language === 'zh-CN' && problem !== null && told === null ? problemsInChinese[problem.code] : undefined
  return (
    <div className="note bad" role="alert">
      <div className="grow">
        <p className="note-title">{say('wrong')}</p>
        {advice === undefined ? null : <p>{advice}</p>}
        <p className="break">
          {problem !== null && isOwn(problem.code)
            ? say(problem.code)
            : told === undefined
              ? '\u00a0'
              : (told ?? error.message)}
        </p>
        {problem === null ? null : (
          <p className="soft mono break">
            {[problem.code, problem.requestId === null ? '' : say('request', { id: problem.requestId })]
              .filter(Boolean)
              .join(' · ')}
          </p>
        )}
      </div>
      {again === undefined ? null : (
        <Button small icon="refresh" onClick={again}>
          {say('again')}
        </Button>
      )}
    </div>
  )
}

type EmptyProps = {
  readonly title: string
  readonly children?: ReactNode
  /** The next command, to copy; `null` = the next thing is done here, by `action`, or the words say whom to ask. */
  readonly command: string | null
  readonly action?: ReactNode
}

/** Nothing is here: why, and what to do next. */
export const Empty = ({ title, children, command, action }: EmptyProps) => (
  <div className="empty">
    <p className="note-title">{title}</p>
    {children === undefined ? null : <p>{children}</p>}
    {action}
    {command === null ? null : (
      <div className="command">
        <Code text={command} />
      </div>
    )}
  </div>
)

/** What a query gave, or what stands for it meanwhile. */
export const Loaded = <T,>({
  query,
  lines,
  children,
}: {
  readonly query: UseQueryResult<T, Error>
  readonly lines?: number
  readonly children: (data: T) => ReactNode
}) => {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) {
    return (
      <div className="inside">
        <ProblemNote error={query.error} again={() => void query.refetch()} />
      </div>
    )
  }
  return <Skeleton lines={lines ?? 6} />
}
