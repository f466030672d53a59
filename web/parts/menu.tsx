/** Menus behind a button. Not modal: the page behind keeps its scroll bar, and no style is put into the page. */

import * as DropdownMenu from '@radix-ui/react-dropdown-menu'
import type { ReactNode } from 'react'

export type MenuEntry =
  | { readonly label: string; readonly act: () => void; readonly danger?: boolean; readonly checked?: boolean }
  | { readonly heading: string }
  | 'line'

const EntryView = ({ entry }: { readonly entry: MenuEntry }) => {
  if (entry === 'line') return <DropdownMenu.Separator className="menu-line" />
  if ('heading' in entry) return <DropdownMenu.Label className="menu-label">{entry.heading}</DropdownMenu.Label>
  const look = `menu-item${entry.danger === true ? ' danger' : ''}`
  if (entry.checked === undefined)
    return (
      <DropdownMenu.Item className={look} onSelect={entry.act}>
        {entry.label}
      </DropdownMenu.Item>
    )
  return (
    <DropdownMenu.CheckboxItem className={look} checked={entry.checked} onSelect={entry.act}>
      {entry.label}
      <DropdownMenu.ItemIndicator>✓</DropdownMenu.ItemIndicator>
    </DropdownMenu.CheckboxItem>
  )
}

const keyOf = (entry: MenuEntry, index: number): string =>
  entry === 'line' ? `line-${index}` : 'heading' in entry ? entry.heading : entry.label

/** `children` is the button. */
export const Menu = ({
  entries,
  children,
}: {
  readonly entries: readonly MenuEntry[]
  readonly children: ReactNode
}) => (
  <DropdownMenu.Root modal={false}>
    <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
    <DropdownMenu.Portal>
      <DropdownMenu.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
        {entries.map((entry, index) => (
          <EntryView entry={entry} key={keyOf(entry, index)} />
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu.Root>
)
