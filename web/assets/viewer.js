export default function viewer() {}
