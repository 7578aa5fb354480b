import { Button } from '@mantine/core'
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { IconPlugOff } from '@tabler/icons-react'
import { type ReactNode, StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { api, type Me, onSignedOut, Problem, sentence, take } from '~/api'
import { Empty, guardPage, Look } from '~/look'
import { LineProvider } from './live'
import { consoleRouter } from './router'
import { begin, leave, MeProvider } from './session'
import { Boundary } from './shell/States'
import { StepUp } from './stepup/StepUp'
import { words } from './shell/words'

guardPage()
onSignedOut(leave)
const place = document.getElementById('root')
if (place) void start(createRoot(place))

/** Asks who is signed in, then shows the console to that person. Without a session the door comes instead. */
async function start(root: ReturnType<typeof createRoot>): Promise<void> {
  try {
    const me = await take(api.GET('/api/v1/me'))
    begin()
    root.render(<StrictMode><Console me={me} /></StrictMode>)
  } catch (error) {
    if (error instanceof Problem && error.status === 401) { // to the door, also where that could not be asked
      leave()
      return
    }
    root.render(<Look><NotStarted error={error} /></Look>)
    if (closed(error)) window.setTimeout(() => void start(root), 10_000) // it opens when the keys are back
  }
}

function Console({ me: atStart }: { me: Me }) {
  const [client] = useState(newClient)
  const [router] = useState(() => consoleRouter(atStart))
  return (
    <Look>
      <Boundary>
        <QueryClientProvider client={client}>
          <Person atStart={atStart}>
            <LineProvider><RouterProvider router={router} /></LineProvider>
            <StepUp />
          </Person>
        </QueryClientProvider>
      </Boundary>
    </Look>
  )
}

/** The person's own data, read again when it may have changed, such as the name or the role. */
function Person({ atStart, children }: { atStart: Me; children: ReactNode }) {
  const { data } = useQuery({ queryKey: ['me'], queryFn: () => take(api.GET('/api/v1/me')), initialData: atStart, staleTime: 60_000 })
  return <MeProvider me={data}>{children}</MeProvider>
}

/** Questions are asked again when the network fails, not when the server says no. */
function newClient(): QueryClient {
  const again = (count: number, error: unknown) => count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500)
  return new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 10_000 } } })
}

/** The workspace's keys are away, or were withdrawn: not even who is signed in can be read. */
function closed(error: unknown): boolean {
  return error instanceof Problem && error.kind === 'unavailable'
}

function NotStarted({ error }: { error: unknown }) {
  const title = closed(error) ? words.closedTitle : words.startFailed
  return (
    <main>
      <h1 className="p-unseen">{title}</h1>
      <Empty icon={<IconPlugOff size={26} />} title={title} action={<Button onClick={() => { location.reload() }}>{words.reload}</Button>}>
        {sentence(error)}
      </Empty>
    </main>
  )
}
