import '@fontsource-variable/inter/wght.css'
import './tokens.css' // first: it says which layer wins
import '@mantine/core/styles.layer.css'
import { MantineProvider } from '@mantine/core'
import type { ReactNode } from 'react'
import { nonce } from './nonce'
import { schemes, theme, variables } from './theme'
import { Toasts } from './Toasts'

/** Everything that a page of Parlatory stands in: theme, colour scheme, toasts. Call guardPage() before the render. */
export function Look({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
      getStyleNonce={nonce}
    >
      {children}
      <Toasts />
    </MantineProvider>
  )
}
