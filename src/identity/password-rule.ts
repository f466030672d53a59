/** Which passwords are taken. */

const lengthMin = 10
const lengthMax = 200
/** A shorter name stands in many a word by chance. */
const nameLengthMin = 4

/** Why a password is not taken, or `null`. Length is what counts (NIST SP 800-63B-4); the commonest are refused. */
export const passwordFault = (password: string, mail: string): string | null => {
  const length = [...password].length
  if (length < lengthMin) return `must have at least ${lengthMin} characters`
  if (length > lengthMax) return `must not have more than ${lengthMax} characters`
  const plain = password.toLowerCase()
  const [name = mail] = mail.split('@', 1)
  if (name.length >= nameLengthMin && plain.includes(name) && length < lengthMin + 6)
    return 'must not be made of the mail address'
  if (new Set(plain).size < 5) return 'must have at least five different characters'
  if (
    /^(?:password|passw0rd|qwerty|qwertyuiop|letmein|welcome|iloveyou|1234567890|0123456789|changeme)[\d!.]*$/.test(
      plain,
    )
  )
    return 'is one of those that are tried first'
  return null
}
