/** Panels of which one is seen. */

import * as RadixTabs from '@radix-ui/react-tabs'
import type { ReactNode } from 'react'

export type Tab = { readonly id: string; readonly label: string; readonly content: () => ReactNode }

type TabsProps = {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly chosen?: string
  readonly onChoose?: (id: string) => void
}

/** The content of a panel is made when it is looked at. */
export const Tabs = ({ label, tabs, chosen, onChoose }: TabsProps) => {
  const held = chosen === undefined ? { defaultValue: tabs[0]?.id ?? '' } : { value: chosen }
  return (
    <RadixTabs.Root {...held} {...(onChoose === undefined ? {} : { onValueChange: onChoose })}>
      <RadixTabs.List className="tabs" aria-label={label}>
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
