/** What people are written: a link each, in their language. */

export type LetterKind = 'verify' | 'known' | 'reset' | 'mail-change' | 'mail-changed' | 'invitation' | 'changed'
export type Language = 'en' | 'zh-CN'

export type LetterFacts = {
  readonly kind: LetterKind
  readonly language: Language
  /** Of this server, as people know it: its host. */
  readonly server: string
  /** Absent where there is nothing to follow. */
  readonly link?: string
  /** What the letter is about: an organisation, an address, a change. */
  readonly about?: string
}

type Words = { readonly subject: string; readonly lines: readonly string[] }

const english = ({ kind, server, about = '' }: LetterFacts): Words => {
  const words: Readonly<Record<LetterKind, Words>> = {
    verify: {
      subject: `Confirm your mail address for ${server}`,
      lines: ['Somebody signed up with this mail address. If it was you, confirm it within 24 hours:'],
    },
    known: {
      subject: `You have an account at ${server} already`,
      lines: [
        'Somebody tried to sign up with this mail address, and it has an account. If it was you, sign in, or choose a new password here:',
      ],
    },
    reset: {
      subject: `A new password for ${server}`,
      lines: ['Choose a new password within an hour. If you did not ask for it, do nothing:'],
    },
    'mail-change': {
      subject: `Confirm your new mail address for ${server}`,
      lines: [
        `Confirm within an hour that this is the new mail address of ${about}, signed in as that person. If that is not you, do nothing:`,
      ],
    },
    'mail-changed': {
      subject: `Your mail address for ${server} is being changed`,
      lines: [`It becomes ${about} when that address is confirmed. If it was not you, choose a new password at once.`],
    },
    invitation: {
      subject: `You are invited to ${about} at ${server}`,
      lines: [`Join ${about} within 7 days:`],
    },
    changed: {
      subject: `The sign-in of your account at ${server} was changed`,
      lines: [`What was changed: ${about}. If it was not you, choose a new password at once, and end all sessions.`],
    },
  }
  return words[kind]
}

const chinese = ({ kind, server, about = '' }: LetterFacts): Words => {
  const words: Readonly<Record<LetterKind, Words>> = {
    verify: {
      subject: `确认您在 ${server} 的邮箱地址`,
      lines: ['有人使用此邮箱注册。如果是您本人，请在 24 小时内确认：'],
    },
    known: {
      subject: `您在 ${server} 已有账户`,
      lines: ['有人尝试使用此邮箱注册，但该邮箱已有账户。如果是您本人，请直接登录，或在此设置新密码：'],
    },
    reset: {
      subject: `为 ${server} 设置新密码`,
      lines: ['请在一小时内设置新密码。如果不是您本人操作，请忽略：'],
    },
    'mail-change': {
      subject: `确认您在 ${server} 的新邮箱`,
      lines: [`请以 ${about} 的身份登录，并在一小时内确认这是其新邮箱。如果不是您本人，请忽略：`],
    },
    'mail-changed': {
      subject: `您在 ${server} 的邮箱正在更改`,
      lines: [`确认后将改为 ${about}。如果不是您本人操作，请立即重设密码。`],
    },
    invitation: {
      subject: `邀请您加入 ${server} 的 ${about}`,
      lines: [`请在 7 天内加入 ${about}：`],
    },
    changed: {
      subject: `您在 ${server} 的登录方式已更改`,
      lines: [`更改内容：${about}。如果不是您本人操作，请立即重设密码并结束所有会话。`],
    },
  }
  return words[kind]
}

/** A name that somebody chose must not bring lines, or a link, of its own. */
const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/:\/\//g, ': //')
    .slice(0, 100)

/** Subject and text. */
export const letterText = (facts: LetterFacts): { readonly subject: string; readonly text: string } => {
  const safe = { ...facts, ...(facts.about === undefined ? {} : { about: plain(facts.about) }) }
  const { subject, lines } = facts.language === 'zh-CN' ? chinese(safe) : english(safe)
  return { subject, text: [...lines, ...(facts.link === undefined ? [] : ['', facts.link]), ''].join('\n') }
}

/** Of an `accept-language` header. */
export const languageOf = (header: string | undefined): Language => (/^\s*zh\b/i.test(header ?? '') ? 'zh-CN' : 'en')
