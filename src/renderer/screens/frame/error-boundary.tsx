import { Component, type ReactNode } from 'react';
import { Button, EmptyState } from '../../components/ui/index.ts';
import { Bug } from 'lucide-react';

interface ErrorBoundaryProps {
  /** Something else here is a new try: the route's address. */
  readonly at: string;
  readonly onReport: () => void;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly error: Error | undefined;
  readonly at: string;
}

/** A defect in a screen leaves the frame standing, so that a person can go elsewhere. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { error: undefined, at: this.props.at };

  static getDerivedStateFromError(error: unknown): Partial<ErrorBoundaryState> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps(
    props: ErrorBoundaryProps,
    state: ErrorBoundaryState,
  ): ErrorBoundaryState | null {
    return props.at === state.at ? null : { error: undefined, at: props.at };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <>
        <h1 className="visually-hidden">A problem</h1>
        <EmptyState
          icon={Bug}
          title="Something in this screen went wrong"
          actions={
            <>
              <Button onClick={this.props.onReport}>Report a problem…</Button>
              <Button variant="primary" onClick={() => this.setState({ error: undefined })}>
                Show it again
              </Button>
            </>
          }
        >
          <p>Your photos and labels are safe: the engine keeps them, and it still runs.</p>
          <p>
            <code>{error.message}</code>
          </p>
        </EmptyState>
      </>
    );
  }
}
