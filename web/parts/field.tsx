/** Fields of forms: a name, the control, help, and what is wrong with what was given. */

import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'
import { useId } from 'react'

type Frame = {
  readonly label: string
  readonly help?: string | undefined
  readonly fault?: string | null | undefined
  readonly wide?: boolean
}

const described = (id: string, { help, fault }: Frame) => ({
  id,
  'aria-describedby':
    [help === undefined ? '' : `${id}-help`, fault == null ? '' : `${id}-fault`].filter(Boolean).join(' ') || undefined,
  'aria-invalid': fault != null,
})

const Framed = ({
  id,
  frame,
  children,
}: {
  readonly id: string
  readonly frame: Frame
  readonly children: ReactNode
}) => (
  <div className={`field${frame.wide === true ? ' wide' : ''}`}>
    <label htmlFor={id}>{frame.label}</label>
    {children}
    {frame.help === undefined ? null : (
      <p className="help" id={`${id}-help`}>
        {frame.help}
      </p>
    )}
    {frame.fault == null ? null : (
      <p className="fault" id={`${id}-fault`} role="alert">
        {frame.fault}
      </p>
    )}
  </div>
)

/** One line of text. */
export const TextField = ({ label, help, fault, wide, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>) => {
  const id = useId()
  const frame = { label, help, fault, wide: wide ?? false }
  return (
    <Framed id={id} frame={frame}>
      <input className="input" {...rest} {...described(id, frame)} />
    </Framed>
  )
}

/** Several lines of text. */
export const LongField = ({
  label,
  help,
  fault,
  wide,
  ...rest
}: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>) => {
  const id = useId()
  const frame = { label, help, fault, wide: wide ?? false }
  return (
    <Framed id={id} frame={frame}>
      <textarea className="textarea" {...rest} {...described(id, frame)} />
    </Framed>
  )
}

/** One of a few. */
export const ChoiceField = ({
  label,
  help,
  fault,
  wide,
  children,
  ...rest
}: Frame & SelectHTMLAttributes<HTMLSelectElement>) => {
  const id = useId()
  const frame = { label, help, fault, wide: wide ?? false }
  return (
    <Framed id={id} frame={frame}>
      <select className="select" {...rest} {...described(id, frame)}>
        {children}
      </select>
    </Framed>
  )
}

/** Yes or no. */
export const CheckField = ({ label, help, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>) => {
  const id = useId()
  return (
    <div className="field">
      <div className="check">
        <input type="checkbox" {...rest} id={id} aria-describedby={help === undefined ? undefined : `${id}-help`} />
        <label htmlFor={id}>{label}</label>
      </div>
      {help === undefined ? null : (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}

/** The texts of a form by the names of its fields; what was left empty is not there. */
export const textsOf = (form: HTMLFormElement): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) =>
      typeof value === 'string' && value.trim() !== '' ? [[name, value.trim()]] : [],
    ),
  )
