import { TextInput } from '@mantine/core'
import { only } from './judge'
import { Aside, Send, Sheet, Stack, Trouble } from './parts'
import { useForm } from './useForm'
import { words } from './words'
import { domain, subdomain } from './workspace'

const w = words.signin

/** The bare domain's sign-in asks which workspace, as an app would, and goes there. */
export function Elsewhere() {
  const f = useForm(
    { subdomain: '', domain: location.host },
    (v) => only({
      subdomain: subdomain(v.subdomain) === undefined ? words.subdomainWrong : undefined,
      domain: domain(v.domain) === undefined ? words.domainWrong : undefined,
    }),
    (v) => {
      location.assign(`${location.protocol}//${subdomain(v.subdomain) ?? ''}.${domain(v.domain) ?? ''}/signin`)
      return Promise.resolve()
    },
  )
  return (
    <Sheet title={w.elsewhere} lead={w.elsewhereLead}>
      <form {...f.form}>
        <Stack>
          <Trouble text={f.trouble} />
          <TextInput {...f.bind('subdomain')} size="md" label={words.subdomain} autoComplete="on" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
          <TextInput {...f.bind('domain')} size="md" label={words.domain} description={words.domainHint} autoComplete="off" autoCapitalize="none" spellCheck={false} inputMode="url" required withAsterisk={false} />
          <Send busy={f.busy} left={f.left}>{w.elsewhereSend}</Send>
        </Stack>
      </form>
      <Aside>{w.forgottenAddress}</Aside>
      <Aside>{w.signup} <a href="/signup">{words.landing.signup}</a></Aside>
    </Sheet>
  )
}
