/** Panels of which one is seen. */

import * as RadixTabs from '@radix-ui/react-tabs'
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'

export type Tab = { readonly id: string; readonly label: string; readonly content: () => ReactNode }

type TabsProps = {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly chosen?: string
  readonly onChoose?: (id: string) => void
}

/** Of more tabs than fit, the chosen one is seen. Only the list is scrolled, never the page. */
const useSeen = (chosen: string | undefined) => {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice is another place.
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[data-state="active"]')
    if (list.current === null || tab == null) return
    const { offsetLeft: from, offsetWidth: width } = tab
    const { offsetLeft: start, clientWidth: room, scrollLeft } = list.current
    const over = from - start + width - room
    if (from - start < scrollLeft || over > scrollLeft) list.current.scrollLeft = over
  }, [chosen])
  return list
}

/** The content of a panel is made when it is looked at. */
export const Tabs = ({ label, tabs, chosen, onChoose }: TabsProps) => {
  const held = chosen === undefined ? { defaultValue: tabs[0]?.id ?? '' } : { value: chosen }
  const list = useSeen(chosen)
  return (
    <RadixTabs.Root {...held} {...(onChoose === undefined ? {} : { onValueChange: onChoose })}>
      <RadixTabs.List className="tabs" aria-label={label} ref={list}>
        {tabs.map((tab) => (
          <RadixTabs.Trigger className="tab" value={tab.id} key={tab.id}>
            {tab.label}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {tabs.map((tab) => (
        <RadixTabs.Content className="tab-panel" value={tab.id} key={tab.id}>
          {tab.content()}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  )
}
