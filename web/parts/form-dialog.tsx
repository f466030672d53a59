/** A form over the page: its fields, what was refused, one button. */

import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { textsOf } from './field.tsx'
import { ProblemNote } from './states.tsx'

type FormDialogProps = {
  readonly title: string
  readonly action: string
  readonly look?: 'broad'
  /** `false` = something is not there yet that it cannot do without. */
  readonly isReady?: boolean
  readonly busy: boolean
  readonly error: Error | null
  /** The texts of the fields by their names; what was left empty is not there. */
  readonly submit: (texts: Readonly<Record<string, string>>) => void
  readonly onClose: () => void
  readonly children: ReactNode
}

export const FormDialog = ({
  title,
  action,
  look,
  isReady = true,
  busy,
  error,
  submit,
  onClose,
  children,
}: FormDialogProps) => (
  <Dialog title={title} onClose={onClose} {...(look === undefined ? {} : { look })}>
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !busy) submit(textsOf(event.currentTarget))
      }}
    >
      {children}
      {error === null ? null : <ProblemNote error={error} />}
      <div className="actions">
        <Button type="submit" kind="first" busy={busy} disabled={!isReady}>
          {action}
        </Button>
      </div>
    </form>
  </Dialog>
)
