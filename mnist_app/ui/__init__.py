"""The only room that imports Streamlit: what pages are made of."""
