/** Text to take along: code, commands, keys, with a button that copies it. */

import { useEffect, useState } from 'react'
import { Button } from './button.tsx'
import { useWords } from './language.tsx'
import { codeTexts } from './texts.ts'

const shownMs = 1_600

/** Puts a text on the clipboard and says so. */
export const CopyButton = ({
  text,
  label,
  bare = false,
}: {
  readonly text: string
  readonly label?: string
  readonly bare?: boolean
}) => {
  const say = useWords(codeTexts)
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = window.setTimeout(() => setCopied(false), shownMs)
    return () => window.clearTimeout(timer)
  }, [isCopied])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      (error: unknown) => console.warn('the clipboard is not ours', error),
    )
  }
  const name = isCopied ? say('copied') : (label ?? say('copy'))
  return bare ? (
    <Button small kind="plain" icon={isCopied ? 'check' : 'copy'} aria-label={name} title={name} onClick={copy} />
  ) : (
    <Button small icon={isCopied ? 'check' : 'copy'} onClick={copy}>
      {name}
    </Button>
  )
}

/** A block of code. It can be scrolled by keyboard. */
export const Code = ({
  text,
  label,
  wrapped = false,
}: {
  readonly text: string
  readonly label?: string
  readonly wrapped?: boolean
}) => {
  const say = useWords(codeTexts)
  const look = [wrapped ? 'wrapped' : '', text.includes('\n') ? '' : 'line'].filter(Boolean).join(' ')
  return (
    <div className={`code ${look}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section tabIndex={0} aria-label={label ?? say('code')}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
      <CopyButton text={text} />
    </div>
  )
}

/** A secret that is shown once. */
export const SecretText = ({ text }: { readonly text: string }) => (
  <div className="secret">
    <span className="grow">{text}</span>
    <CopyButton text={text} />
  </div>
)
