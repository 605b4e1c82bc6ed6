"""The pages, as scripts that Streamlit runs."""
