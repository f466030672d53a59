/** Why a recipient could not be told, in Chinese: what the relay notes is one of a few short sentences; what a mail server says stands as it is. */

const forms: readonly (readonly [form: RegExp, chinese: string])[] = [
  [/^The receiver cannot be reached \((.*)\)\.?$/, '无法连接接收方（$1）。'],
  [/^The receiver's host cannot be resolved \((.*)\)\.?$/, '无法解析接收方的主机（$1）。'],
  [/^No secure connection to the provider could be made \((.*)\)\.?$/, '无法与接收方建立安全连接（$1）。'],
  [/^The receiver closed the connection before its answer was complete \((.*)\)\.?$/, '接收方在应答完成前断开（$1）。'],
  [/^The receiver did not (?:accept a connection|begin to answer) within (\d+) ms.*$/, '接收方在 $1 毫秒内没有应答。'],
  [/^the receiver answered (\d+)$/, '接收方应答 $1。'],
  [/^no answer within (\d+) ms$/, '$1 毫秒内没有应答。'],
  [
    /^no mail server is configured: set mail\.smtp and mail\.from$/,
    '未配置邮件服务器：请设置 mail.smtp 与 mail.from。',
  ],
]

/** In the language of the person. */
export const deliveryErrorText = (error: string, language: string): string => {
  const found = language === 'en' ? undefined : forms.find(([form]) => form.test(error))
  return found === undefined ? error : error.replace(found[0], found[1])
}
