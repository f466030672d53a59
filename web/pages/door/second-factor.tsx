/** A code of the authenticator app, or one of the recovery codes of whoever has lost the phone. */

import { useState } from 'react'
import { Button } from '#parts/button.tsx'
import { TextField } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { texts } from './texts.ts'

/** One field, `totp` or `recovery_code`, and the way from one to the other. */
export const SecondFactor = () => {
  const say = useWords(texts)
  const [isLost, setLost] = useState(false)
  return (
    <div className="stack tight">
      {isLost ? (
        <TextField
          key="recovery"
          label={say('recoveryCode')}
          help={say('recoveryHelp')}
          name="recovery_code"
          autoComplete="off"
          spellCheck={false}
          autoFocus
          required
        />
      ) : (
        <TextField
          key="totp"
          label={say('code')}
          help={say('codeHelp')}
          name="totp"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9]{6}"
          maxLength={6}
          autoFocus
          required
        />
      )}
      <div>
        <Button small kind="plain" onClick={() => setLost(!isLost)}>
          {say(isLost ? 'useCode' : 'useRecovery')}
        </Button>
      </div>
    </div>
  )
}
