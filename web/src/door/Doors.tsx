import type { ReactElement } from 'react'
import { Complete } from './Complete'
import { Forgot, Reset } from './Forgot'
import { Invitation } from './Invitation'
import { Landing } from './Landing'
import { Go, Sheet, Stack } from './parts'
import { PolicyPage } from './PolicyPage'
import { Signin } from './Signin'
import { Signup } from './Signup'
import { words } from './words'

/** Which page stands at which path. The server decides which paths it answers on which host. */
export function Doors({ path, token }: { path: string; token: string }): ReactElement {
  switch (path.replace(/\/+$/, '') || '/') {
    case '/':
      return <Landing />
    case '/signup':
      return <Signup />
    case '/signup/complete':
      return <Complete token={token} />
    case '/signin':
      return <Signin />
    case '/invitation':
      return <Invitation token={token} />
    case '/forgot':
      return <Forgot />
    case '/reset':
      return <Reset token={token} />
    case '/policies/security':
      return <PolicyPage kind="security" />
    case '/policies/privacy':
      return <PolicyPage kind="privacy" />
  }
  return (
    <Sheet title={words.unknown.title} lead={words.unknown.text}>
      <Stack><Go to="/">{words.unknown.go}</Go></Stack>
    </Sheet>
  )
}
