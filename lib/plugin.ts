export { ClusterError } from './errors/cluster-error.ts'
