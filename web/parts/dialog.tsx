/** Dialogs and sheets over the page: the platform's own element, which keeps the focus within and gives it back. */

import type { ReactNode } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'
import { useWords } from './language.tsx'
import { ProblemNote } from './states.tsx'
import { dialogTexts } from './texts.ts'

type DialogProps = {
  readonly title: ReactNode
  readonly look?: 'sheet' | 'broad' | 'drawer' | 'palette'
  /** No line with the title: `title` only names it. */
  readonly bare?: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Open as long as it is rendered. */
export const Dialog = ({ title, look, bare = false, onClose, children }: DialogProps) => {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  const say = useWords(dialogTexts)
  useEffect(() => {
    const dialog = element.current
    if (dialog !== null && !dialog.open) dialog.showModal()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it by itself; the click is on the veil beside it.
    <dialog
      ref={element}
      className={look}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) element.current.close()
      }}
    >
      {bare ? (
        <h2 id={id} className="hidden-text">
          {title}
        </h2>
      ) : (
        <div className="top">
          <h2 id={id} className="grow break">
            {title}
          </h2>
          <Button kind="plain" icon="close" aria-label={say('close')} onClick={() => element.current?.close()} />
        </div>
      )}
      <div className={bare ? undefined : 'inside'}>{children}</div>
    </dialog>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly children: ReactNode
  readonly action: string
  /** What must be typed first, for what cannot be undone. */
  readonly typed?: string
  /** `first` = it can be taken back: no alarm. */
  readonly look?: 'danger first' | 'first'
  readonly busy: boolean
  readonly error: Error | null
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back: what happens stands above the buttons. */
export const Confirm = ({
  title,
  children,
  action,
  typed,
  look = 'danger first',
  busy,
  error,
  onConfirm,
  onClose,
}: ConfirmProps) => {
  const say = useWords(dialogTexts)
  const [text, setText] = useState('')
  const isReady = typed === undefined || text === typed
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !busy) onConfirm()
        }}
      >
        <div className="stack tight">{children}</div>
        {typed === undefined ? null : (
          <TextField
            label={say('type', { what: typed })}
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
        {error === null ? null : <ProblemNote error={error} />}
        <div className="actions">
          <Button onClick={onClose}>{say('cancel')}</Button>
          <Button type="submit" kind={look} disabled={!isReady} busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
