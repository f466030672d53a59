/** Buttons: one look for each weight. */

import type { ButtonHTMLAttributes, ReactNode } from 'react'
import type { IconName } from './icon.tsx'
import { Icon } from './icon.tsx'

type Look = {
  readonly kind?: 'first' | 'danger' | 'danger first' | 'plain' | undefined
  readonly small?: boolean
  readonly icon?: IconName
  /** Something is under way: it says so and cannot be pressed. */
  readonly busy?: boolean
  readonly children?: ReactNode
}

/** A button with words, or with a glyph alone where `aria-label` names it. */
export const Button = ({
  kind,
  small = false,
  icon,
  busy = false,
  children,
  ...rest
}: Look & ButtonHTMLAttributes<HTMLButtonElement>) => {
  const look = ['button', kind, small ? 'small' : '', children === undefined ? 'icon' : ''].filter(Boolean).join(' ')
  const press = busy ? { onClick: undefined, 'aria-disabled': true, 'aria-busy': true } : {}
  return (
    <button type="button" {...rest} {...press} className={look}>
      {icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  )
}
